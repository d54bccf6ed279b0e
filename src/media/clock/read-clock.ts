// Reads the times of all picture and sound packets with ffprobe, and watches for a clock that breaks.
import { AppError } from "../../base/errors.ts";
import { MICROSECONDS, type Rational, rescale } from "../../base/rational.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { BACK_US, type ClockBreak, ClockWatch, describeBreak } from "./clock-watch.ts";
import { type ShownAgain, ShownAgainWatch } from "./shown-again.ts";

/** Microseconds and packet counts of one file. */
export interface ReadClock extends Pick<PacketClock, "breaks" | "areTogether"> {
  /** Packets of each stream of picture and sound, by index. */
  readonly packets: ReadonlyMap<number, number>;
  /** By stream: which of its packets say neither when they are decoded nor when they are shown, counted from zero. */
  readonly untimed: ReadonlyMap<number, readonly number[]>;
  /** Streams of which a packet does not say when it is shown. */
  readonly unshown: ReadonlySet<number>;
  /** Streams whose packets are decoded in another order than they are shown in. */
  readonly reordered: ReadonlySet<number>;
  /** Streams of which a packet of `placed` does not come when the one before it ends. */
  readonly misplaced: ReadonlySet<number>;
  /** Where the picture's clock goes back by too little for another recording, and pictures come again; null: nowhere. */
  readonly shownAgain: ShownAgain | null;
}

/** Packets that another file holds without times: places by stream. */
type Places = ReadonlyMap<number, readonly number[]>;

/** A tick of 90 kHz, rounded up: times and lengths are rounded to microseconds apart. */
const ROUNDING_US = 13;

/** Converts ffprobe's packets from ticks to microseconds for a watch. */
export class PacketClock {
  readonly #watch = new ClockWatch();
  readonly packets = new Map<number, number>();
  readonly untimed = new Map<number, number[]>();
  readonly unshown = new Set<number>();
  readonly reordered = new Set<number>();
  readonly misplaced = new Set<number>();
  readonly #placed: ReadonlyMap<number, ReadonlySet<number>>;
  /** When the latest packet of each stream ends; null: it does not say how long it lasts. */
  readonly #endsUs = new Map<number, number | null>();
  readonly #timeBases: ReadonlyMap<number, Rational>;
  readonly #unread: ReadonlySet<number>;

  /** `placed`: packets to which the file may have given times. */
  constructor({ streams, unread = [] }: Pick<SourceInfo, "streams" | "unread">, placed: Places = new Map()) {
    this.#unread = new Set(unread);
    this.#placed = new Map([...placed].map(([stream, places]) => [stream, new Set(places)]));
    const timed = streams.filter(
      ({ type, isAttachedPicture }) => (type === "video" && !isAttachedPicture) || type === "audio",
    );
    this.#timeBases = new Map(timed.map(({ index, timeBase }) => [index, timeBase]));
  }

  /** Of the streams that the job reads, in the order of the file; empty: they have one clock. */
  breaks(): readonly ClockBreak[] {
    return this.#watch.breaks().filter(({ stream }) => !this.#unread.has(stream));
  }

  /** Whether one correction mends all streams that the job reads. */
  areTogether(): boolean {
    return this.#watch.areTogether(this.#unread);
  }

  /** NaN: not stated. Streams of other kinds are passed over. */
  add(stream: number, pts: number, dts: number, duration: number): void {
    const timeBase = this.#timeBases.get(stream);
    if (timeBase === undefined) return;
    const place = this.packets.get(stream) ?? 0;
    this.packets.set(stream, place + 1);
    const at = Number.isNaN(dts) ? pts : dts;
    if (Number.isNaN(pts)) this.unshown.add(stream);
    else if (pts !== at) this.reordered.add(stream);
    if (Number.isNaN(at)) {
      const untimed = this.untimed.get(stream) ?? [];
      untimed.push(place);
      this.untimed.set(stream, untimed);
      return;
    }
    const atUs = rescale(at, timeBase, MICROSECONDS);
    const durationUs = Number.isNaN(duration) ? 0 : rescale(duration, timeBase, MICROSECONDS);
    if (this.#placed.get(stream)?.has(place) === true) {
      const endUs = this.#endsUs.get(stream) ?? Number.NaN;
      if (!(Math.abs(atUs - endUs) <= ROUNDING_US)) this.misplaced.add(stream);
    }
    this.#endsUs.set(stream, durationUs > 0 ? atUs + durationUs : null);
    const shown = Number.isNaN(pts) ? {} : { shownUs: rescale(pts, timeBase, MICROSECONDS) };
    this.#watch.add({ stream, atUs, ...shown, durationUs });
  }
}

/** A field that ffprobe may leave out. */
export function ticksOrNaN(text: string | undefined): number {
  return text === undefined || text === "" ? Number.NaN : Number(text);
}

interface ReadOptions {
  /** As in UsedStreams. */
  readonly keptTick: Rational | null;
  readonly placed?: Places;
  readonly signal: AbortSignal | undefined;
}

/** Reads the whole file. Errors: E_INDEX, E_INTERRUPTED. */
export async function readClock(
  tools: Tools,
  source: { readonly path: string; readonly info: SourceInfo },
  { keptTick, placed, signal }: ReadOptions,
): Promise<ReadClock> {
  const clock = new PacketClock(source.info, placed);
  const { timeBase } = source.info.video;
  const pictures = new ShownAgainWatch({
    mostBack: rescale(BACK_US, MICROSECONDS, timeBase),
    close: keptTick === null ? 1 : rescale(1, keptTick, timeBase),
  });
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [source.path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: source.info.formatName, kind: "file" })],
      ...["-show_entries", "packet=stream_index,pts,dts,duration", "-of", "csv=p=0", fileUrl(source.path)],
    ],
    signal,
    onLine: (line) => {
      const [stream, pts, dts, duration] = line.split(",");
      // Side data of a packet makes a line of its own.
      if (duration === undefined) return;
      clock.add(ticksOrNaN(stream), ticksOrNaN(pts), ticksOrNaN(dts), ticksOrNaN(duration));
      if (Number(stream) === source.info.video.streamIndex) pictures.add(ticksOrNaN(pts), ticksOrNaN(dts));
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "reading was stopped", "Submit the job again.");
  if (result.exitCode !== 0) {
    const hint = "The file may be damaged, or on a disk that fails.";
    throw new AppError("E_INDEX", `the source could not be read to its end: ${lastWords(result.stderrTail)}`, hint);
  }
  return {
    packets: clock.packets,
    untimed: clock.untimed,
    unshown: clock.unshown,
    reordered: clock.reordered,
    misplaced: clock.misplaced,
    breaks: () => clock.breaks(),
    areTogether: () => clock.areTogether(),
    shownAgain: pictures.worst(),
  };
}

/** The reason against a copy of pictures of which only a decoder can tell when they are shown. */
export const LACKS_TIMES = "some of its pictures have no time";

/** The refusal of a source that can't be read on one clock; `why`: the reason why it can't be put on one. */
export function brokenClock(found: ClockBreak, why: string): AppError {
  if (found.isSecond === true) return oddFirstTime(found);
  const made = why === LACKS_TIMES ? "-map 0:v:0 -map 0:a? -c:a copy -c:v ffv1" : "-map 0:v -map 0:a -c copy";
  return new AppError(
    "E_SOURCE_REFUSED",
    `the source is several recordings joined: ${describeBreak(found)}, and ${why}`,
    `Submit its parts one by one, or put it on one clock first: \`ffmpeg -i FILE ${made} joined.mkv\`; look at the result before you submit it.`,
  );
}

/** The refusal of a source whose own bytes show one clock (scan-clock.ts), and whose packets don't as ffmpeg reads them. */
export function guessedBreak(found: ClockBreak): AppError {
  if (found.isSecond === true) return oddFirstTime(found);
  return new AppError(
    "E_SOURCE_REFUSED",
    `the times that ffmpeg guesses of the source's packets contradict those that they carry: ${describeBreak(found)}`,
    "Some of its packets carry no times, or wrong ones. Make the file anew from what it was made of, or give it times with `mkvmerge -o timed.mkv FILE`; look at the result before you submit it.",
  );
}

/** ffmpeg's own files do it: Ogg says when a page ends, and of FLAC that begins late ffmpeg takes the first for the start. */
function oddFirstTime({ stream, atUs, byUs }: ClockBreak): AppError {
  const [first, second] = [atUs, atUs + byUs].map((us) => `${(us / 1e6).toFixed(2)} s`);
  return new AppError(
    "E_SOURCE_REFUSED",
    `stream ${stream} does not say when it begins: its first packet is at ${first}, the next one at ${second}`,
    `Leave it out with -map -0:${stream}, or make the file anew, in Matroska or MP4, from what it was made of.`,
  );
}

/** The refusal of a source whose pictures would come a tick apart. `timeBase`: of its video stream. */
export function comesAgain({ at, by, pictures }: ShownAgain, timeBase: Rational): AppError {
  const [atUs, byUs] = [at, -by].map((ticks) => rescale(ticks, timeBase, MICROSECONDS));
  const place = describeBreak({ stream: 0, atUs: atUs ?? 0, byUs: byUs ?? 0 });
  return new AppError(
    "E_SOURCE_REFUSED",
    `the display times of the source's pictures are unknown: ${place}, so that ${pictures} of them come when a later one was shown already`,
    "If it has a constant rate, give its pictures the times of that rate first: `ffmpeg -r RATE -i FILE -map 0:v:0 -map 0:a? -c:a copy -c:v ffv1 timed.mkv`; with `-r` the job itself does so.",
  );
}
