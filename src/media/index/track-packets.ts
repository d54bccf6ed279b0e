// What a file's packets show about its sound and subtitles: how many there are, where they begin and end. One pass over
// the file without decoding; `TrackTally` is pure and serves every reader of packets.
import { AppError } from "../../base/errors.ts";
import { MICROSECONDS, type Rational, rescale, toNumber } from "../../base/rational.ts";
import { ClockProgress } from "../clock/clock-progress.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { collapse, lastLength, openEnd, stretchIn } from "./track-lengths.ts";

export interface TrackPackets {
  /** All packets: a copy keeps what an edit list hides, and only MP4 can mark it as hidden. */
  readonly packets: number;
  /** Of all packets together; absent: not read. */
  readonly bytes?: number;
  /**
   * Microseconds on the file's own clock; null without a packet that has a time. Sound begins with its first packet: a copy
   * puts later ones whose times go back behind it, as what an edit list hides between two of its entries.
   */
  readonly startUs: number | null;
  readonly endUs: number | null;
  /**
   * How much later the track may end, in microseconds: a last packet without a length is assumed to last no longer than
   * the time from the packet before it, or than any frame of sound where it is the only one. One of sound that states
   * more than every packet before it may end where the longest of them would: some muxers stretch it. Absent: the last
   * packet states its length.
   */
  readonly openEndUs?: number;
  /** Longest packet, microseconds: one frame of the codec. */
  readonly longestUs: number;
  /** One tick of the track's clock, microseconds, rounded up. */
  readonly tickUs: number;
  /** Total length of the audible packets, however often the clock restarts; absent: not counted. */
  readonly progressUs?: number;
  /**
   * Sound whose packets state many times the length that they lie within, as of a muxer that gave them one time;
   * microseconds. Absent: they don't.
   */
  readonly collapsed?: { readonly statedUs: number; readonly spanUs: number };
  /** The longest pause between two audible packets that state their length; absent: there is none. */
  readonly pauseUs?: number;
  /** By how much a packet of sound before the last states to be longer or shorter than its neighbour; absent: none does. */
  readonly stretchUs?: number;
  /** An edit list hides every packet; absent: it does not. */
  readonly areHidden?: true;
  /** It hides all but the last one, whose stated length may say too much. */
  readonly isLastAloneShown?: true;
  /** Subtitles: when each event with text begins, in order, microseconds. */
  readonly eventsUs: readonly number[];
}

/** A text sample of MP4 whose length field is 0 fills the pause between two events (ISO/IEC 14496-17, 3GPP TS 26.245). */
const EMPTY_TEXT_BYTES = 2;

interface Tally {
  readonly isSound: boolean;
  packets: number;
  hidden: number;
  isLastShown: boolean;
  bytes: number;
  start: number;
  /** Of all packets but the latest. */
  end: number;
  longest: number;
  /** What all packets that are heard state together. */
  stated: number;
  /** PTS of the latest packet and of the one before it, and the stated length of the latest. */
  latest: number;
  before: number;
  latestLength: number;
  /** Where the previous packet in the file ends, and the longest time from there to the next. */
  soundEnd: number;
  pause: number;
  stretch: number;
  /** What the latest packets state to last, the last one first; 0: nothing. */
  lengths: readonly [number, number];
  readonly events: number[];
  readonly progress: ClockProgress | null;
}

/** The field list for ffprobe's `-show_entries packet=`. */
const TRACK_FIELDS = "codec_type,stream_index,pts,duration,size,flags";

/** A packet of any stream; ticks of its stream's time base, NaN where ffprobe says none. */
export interface TrackPacket {
  readonly type: string;
  readonly stream: number;
  readonly pts: number;
  readonly duration: number;
  readonly bytes: number;
  /** Hidden by an edit list; absent: not known to be. */
  readonly isDiscarded?: boolean;
}

export class TrackTally {
  readonly #tallies = new Map<number, Tally>();
  readonly #clocks: ReadonlyMap<number, Rational> | null;

  /** `clocks`: time bases of the streams whose progress is counted; absent: none. */
  constructor(clocks: ReadonlyMap<number, Rational> | null = null) {
    this.#clocks = clocks;
  }

  add({ type, stream, pts, duration: stated, bytes, isDiscarded }: TrackPacket): void {
    if (type !== "audio" && type !== "subtitle") return;
    const tally = this.#tallies.get(stream) ?? {
      isSound: type === "audio",
      packets: 0,
      hidden: 0,
      isLastShown: false,
      bytes: 0,
      start: Number.POSITIVE_INFINITY,
      end: Number.NEGATIVE_INFINITY,
      longest: 0,
      stated: 0,
      latest: Number.NEGATIVE_INFINITY,
      before: Number.NEGATIVE_INFINITY,
      latestLength: 0,
      soundEnd: Number.POSITIVE_INFINITY,
      pause: 0,
      stretch: 0,
      lengths: [0, 0],
      events: [],
      progress: this.#progressOf(type, stream),
    };
    this.#tallies.set(stream, tally);
    tally.packets += 1;
    if (isDiscarded === true) tally.hidden += 1;
    tally.isLastShown = isDiscarded !== true;
    tally.bytes += bytes;
    if (Number.isNaN(pts)) return;
    const duration = Number.isNaN(stated) ? 0 : stated;
    if (!tally.isSound || !Number.isFinite(tally.start)) tally.start = Math.min(tally.start, pts);
    if (isDiscarded !== true) {
      tally.progress?.add(pts, duration);
      tally.stated += duration;
    }
    tally.pause = Math.max(tally.pause, pts - tally.soundEnd);
    tally.stretch = Math.max(tally.stretch, stretchIn(tally.lengths));
    tally.lengths = [duration, tally.lengths[0]];
    tally.soundEnd = duration > 0 ? pts + duration : Number.POSITIVE_INFINITY;
    const isLatest = pts > tally.latest;
    const [at, length] = isLatest ? [tally.latest, tally.latestLength] : [pts, duration];
    tally.end = Math.max(tally.end, at + length);
    tally.longest = Math.max(tally.longest, length);
    if (isLatest) [tally.before, tally.latest, tally.latestLength] = [tally.latest, pts, duration];
    if (type === "subtitle" && bytes > EMPTY_TEXT_BYTES) tally.events.push(pts);
  }

  #progressOf(type: string, stream: number): ClockProgress | null {
    const clock = type === "audio" ? this.#clocks?.get(stream) : undefined;
    return clock === undefined ? null : new ClockProgress(toNumber(clock));
  }

  tracks(timeBases: ReadonlyMap<number, Rational>): Map<number, TrackPackets> {
    const tracks = new Map<number, TrackPackets>();
    for (const [stream, tally] of this.#tallies) {
      const { packets, bytes, start, end, longest, pause, stretch, events, isSound, stated } = tally;
      const timeBase = timeBases.get(stream);
      if (timeBase === undefined) continue;
      const { sure, more } = lastLength(tally);
      const us = (ticks: number) => (Number.isFinite(ticks) ? rescale(ticks, timeBase, MICROSECONDS) : null);
      const [startUs, endUs] = [us(start), us(Math.max(end, tally.latest + sure))];
      tracks.set(stream, {
        packets,
        ...(Number.isFinite(bytes) ? { bytes } : {}),
        ...(tally.hidden === packets ? { areHidden: true as const } : {}),
        ...(tally.isLastShown && packets > 1 && tally.hidden === packets - 1
          ? { isLastAloneShown: true as const }
          : {}),
        startUs,
        endUs,
        ...(startUs === null || endUs === null ? {} : collapse(isSound, us(stated) ?? 0, endUs - startUs)),
        ...(more > 0 ? { openEndUs: us(more) ?? 0 } : openEnd(us(tally.latest - tally.before), tally.latestLength)),
        longestUs: us(Math.max(longest, sure)) ?? 0,
        ...(tally.progress === null ? {} : { progressUs: us(tally.progress.total) ?? 0 }),
        ...(events.length === 0 && pause > 0 ? { pauseUs: us(pause) ?? 0 } : {}),
        ...(isSound && stretch > 0 ? { stretchUs: us(stretch) ?? 0 } : {}),
        tickUs: Math.ceil((timeBase.num * 1e6) / timeBase.den),
        eventsUs: events.sort((a, b) => a - b).map((ticks) => rescale(ticks, timeBase, MICROSECONDS)),
      });
    }
    return tracks;
  }
}

/** One line of ffprobe's `csv=p=0`, the packet's fields in their order. */
export function parseTrackLine(line: string): TrackPacket {
  const [type = "", stream, pts, duration, bytes, flags = ""] = line.split(",");
  const ticks = { pts: Number(pts), duration: Number(duration) };
  return { type, stream: Number(stream), ...ticks, bytes: Number(bytes), isDiscarded: flags.includes("D") };
}

/**
 * Sound and subtitles of a source by stream index; a stream without packets is absent. For callers that do not index
 * the same file anyway (`IndexOptions.tally`). Errors: E_INDEX, E_INTERRUPTED.
 */
export async function readTrackPackets(
  tools: Tools,
  source: { readonly path: string; readonly info: SourceInfo },
  signal?: AbortSignal,
): Promise<Map<number, TrackPackets>> {
  const { path, info } = source;
  const tally = new TrackTally();
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
      ...["-show_entries", `packet=${TRACK_FIELDS}`, "-of", "csv=p=0", fileUrl(path)],
    ],
    signal,
    onLine: (line) => {
      // Most lines belong to the video and are skipped unparsed.
      if (!line.startsWith("video")) tally.add(parseTrackLine(line));
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "reading was stopped", "Submit the job again.");
  if (result.exitCode !== 0) {
    const hint = "The file may be damaged, or on a disk that fails.";
    throw new AppError("E_INDEX", `the source could not be read to its end: ${lastWords(result.stderrTail)}`, hint);
  }
  return tally.tracks(timeBasesOf(info));
}

/** Whether there is anything to count. */
export function hasTracks(info: SourceInfo): boolean {
  return info.streams.some(({ type }) => type === "audio" || type === "subtitle");
}

export function timeBasesOf(info: SourceInfo): Map<number, Rational> {
  return new Map(info.streams.map(({ index, timeBase }) => [index, timeBase]));
}
