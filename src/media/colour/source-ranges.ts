// Reads with ffprobe which ranges a source's pictures state: all its key frames, or pictures at a few positions. The
// stream's header only states the first.
import { AppError } from "../../base/errors.ts";
import { hasTimestamps, restartsClock } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { isFullRange, isLumaAndChroma } from "./pixel-kind.ts";
import { rangeInStream } from "./range-holder.ts";

export type StatedRange = "full" | "limited";

interface SeenOptions {
  /** In the words of ffprobe's -read_intervals; absent: every key frame is decoded. */
  readonly intervals?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The header's range first, then others that pictures state. ffprobe's own value of the first picture is not used: with
 * -skip_frame it has read too far when it opens the decoder. Errors: E_INTERRUPTED.
 */
export async function sourceRanges(
  tools: Tools,
  path: string,
  info: SourceInfo,
  { intervals, timeoutMs, signal }: SeenOptions,
): Promise<readonly StatedRange[]> {
  const said = (picture: Parameters<typeof isFullRange>[0]) => (isFullRange(picture) ? "full" : "limited");
  const ranges = new Set<StatedRange>([said(info.video)]);
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats: info.formatName, kind: "file" })],
      ...["-select_streams", String(info.video.streamIndex), "-skip_frame", "nokey"],
      ...(intervals === undefined ? [] : ["-read_intervals", intervals]),
      ...["-show_entries", "frame=pix_fmt,color_range", "-of", "compact=nk=1:p=0", fileUrl(path)],
    ],
    signal,
    nice: true,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    onLine: (line) => {
      const [, pixelFormat, range] = /^(\w+)\|(\w+)/.exec(line) ?? [];
      if (pixelFormat === undefined || range === undefined) return;
      ranges.add(said({ pixelFormat, colour: { ...info.video.colour, range: range === "unknown" ? null : range } }));
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "the check was stopped", "Submit the job again.");
  return [...ranges];
}

/** Positions as shares of the duration: two joined recordings differ at one of them, unless one is very short. */
const PLACES = [0.12, 0.25, 0.37, 0.5, 0.62, 0.75, 0.87, 0.97];
/** A transport stream is sought by bytes, so each place costs the packets up to the next key frame. */
const PLACES_BY_BYTES = [0.3, 0.6, 0.95];
const PACKETS_BY_BYTES = 60;
const TIMEOUT_MS = 5000;

/** Positions in ffprobe's syntax; null: the source has no duration, or can't be sought. */
export function sampleIntervals(info: SourceInfo): string | null {
  const { durationMicroseconds: duration, startMicroseconds: start, formatName } = info;
  if (duration === null || duration <= 0 || !hasTimestamps(formatName)) return null;
  const isByBytes = restartsClock(formatName);
  const at = (share: number) => ((start + share * duration) / 1e6).toFixed(3);
  const packets = isByBytes ? PACKETS_BY_BYTES : 1;
  return (isByBytes ? PLACES_BY_BYTES : PLACES).map((share) => `${at(share)}%+#${packets}`).join(",");
}

/**
 * Why the source should be encoded in one run; null: no reason was found. A few pictures are decoded (0.1 s), so that a
 * change is known before work begins; the check of the output's pictures finds one that they miss. Errors:
 * E_INTERRUPTED.
 */
export async function sampledRangeChange(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal?: AbortSignal,
): Promise<string | null> {
  const { codec, pixelFormat } = info.video;
  const intervals = sampleIntervals(info);
  if (intervals === null || !rangeInStream(codec) || !isLumaAndChroma(pixelFormat)) return null;
  const [first, other] = await sourceRanges(tools, path, info, { intervals, timeoutMs: TIMEOUT_MS, signal });
  return other === undefined
    ? null
    : `the source says ${other} range from some picture on, ${first} before it; ffmpeg goes on with what the first pictures were`;
}
