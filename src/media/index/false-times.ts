// Whether the packets' times can be those of their pictures. Some cameras and muxers write decoding times for both; the
// decoder then puts out pictures whose times go back. Such a source is recognised before work begins. For most of them
// ffmpeg guesses rising times; a source whose guessed times go back too is refused.
import { AppError } from "../../base/errors.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { formatRational } from "../../base/rational.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo, SourceVideo } from "../model/source.ts";
import type { VideoPacket } from "./frame-index.ts";

/** Two seconds of film: encoders that reorder do so in the first two seconds. Decoding takes 0.3 s at 1080p. */
const LOOK_PACKETS = 50;

/** The reason in words, for notes and for `probe`. */
export const FALSE_TIMES = "its packets carry times in decoding order, and its pictures are shown in another";

/** Watches packets: a codec that reorders pictures contradicts packet times that never go back. */
export class TimesDoubt {
  #highest = Number.NEGATIVE_INFINITY;
  #isSuspicious: boolean;

  constructor({ holdsPicturesBack }: Pick<SourceInfo, "holdsPicturesBack">) {
    this.#isSuspicious = holdsPicturesBack === true;
  }

  /** Judged by the packets so far. */
  get isSuspicious(): boolean {
    return this.#isSuspicious && Number.isFinite(this.#highest);
  }

  /** In the order of the file; a packet without a time says nothing. */
  see({ pts }: Pick<VideoPacket, "pts">): void {
    if (pts === null) return;
    if (pts <= this.#highest) this.#isSuspicious = false;
    else this.#highest = pts;
  }
}

/** What decoding the beginning shows about the times. */
export type SeenTimes =
  /** They rise, or the beginning can't be decoded. */
  | "rising"
  /** The packets' own go back; those that ffmpeg guesses from them do not. */
  | "guessed"
  /** The guessed times go back too, or coincide: a player that follows them shows pictures out of order or at once. */
  | "lost";

/** One picture as it comes out of the decoder, ticks; NaN: it has no such time. */
export interface SeenPicture {
  /** The time of its packet. */
  readonly own: number;
  /** ffmpeg's best effort. */
  readonly guessed: number;
  /** It came out after the last packet: ffmpeg then only has the packet's own time. */
  readonly isDrained: boolean;
}

/** So many of the examined pictures may be guessed at the time of another: ffmpeg needs a few to learn. */
const MOST_ON_ANOTHER = 4;
/** Packets must last at least this many ticks on average; with coarser clocks equal times mean nothing. */
const LEAST_TICKS = 4;

/** The guesses for the last pictures depend on these alone and say nothing about the rest. */
export function judgeTimes(pictures: readonly SeenPicture[]): SeenTimes {
  let [own, guessed, onAnother, row] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  let doGoBack = false;
  let areLost = false;
  const times = pictures.map((picture) => picture.own).filter(Number.isFinite);
  const step = (Math.max(...times) - Math.min(...times)) / Math.max(1, times.length - 1);
  for (const picture of pictures) {
    if (picture.own <= own) doGoBack = true;
    if (!picture.isDrained) {
      row = step >= LEAST_TICKS && picture.guessed <= guessed + 1 ? row + 1 : 0;
      onAnother += Math.sign(row);
      if (picture.guessed < guessed || row > 1 || onAnother > MOST_ON_ANOTHER) areLost = true;
    }
    if (picture.own > own) own = picture.own;
    if (picture.guessed > guessed) guessed = picture.guessed;
  }
  return doGoBack && areLost ? "lost" : doGoBack ? "guessed" : "rising";
}

/**
 * Decodes the beginning of the video as far as it is suspicious. Errors: none; the encode reports what can't be
 * decoded.
 */
export async function seeTimes(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal: AbortSignal | undefined,
): Promise<SeenTimes> {
  const pictures: SeenPicture[] = [];
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
      ...["-select_streams", String(info.video.streamIndex), "-read_intervals", `%+#${LOOK_PACKETS}`],
      // ffprobe writes them in this order, with side data after them.
      ...["-show_entries", "frame=pts,pkt_dts,best_effort_timestamp", "-of", "csv=p=0", fileUrl(path)],
    ],
    signal,
    onLine: (line) => {
      const [own = "", decoded = "", guessed = ""] = line.split(",");
      const at = { own: Number.parseInt(own, 10), guessed: Number.parseInt(guessed, 10) };
      if (decoded !== "") pictures.push({ ...at, isDrained: decoded === "N/A" });
    },
  });
  return succeeded(result) ? judgeTimes(pictures) : "rising";
}

/** The refusal of a source whose display times can't be determined. */
export function lostTimes({ realFrameRate, averageFrameRate }: SourceVideo): AppError {
  const rate = realFrameRate ?? averageFrameRate;
  const rateText = rate === null ? "RATE" : formatRational(rate);
  return new AppError(
    "E_SOURCE_REFUSED",
    `the display times of the source's pictures are unknown: ${FALSE_TIMES}, and the times that ffmpeg guesses from them go back or coincide`,
    `If it has a constant rate, give its pictures the times of that rate first: \`ffmpeg -r ${rateText} -i FILE -map 0:v:0 -map 0:a? -c:a copy -c:v ffv1 timed.mkv\`.`,
  );
}
