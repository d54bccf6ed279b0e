// The ffmpeg runs that encode one segment at a bit rate: the request of each, and where the passes store their
// statistics. Pure.
import { join } from "node:path";
import type { BitrateTask } from "../model/bitrate-task.ts";
import type { EncodeRequest, NamedOption } from "../model/encode-request.ts";
import type { SegmentTask } from "../model/segment.ts";
import { measuringRequest, targetRequest, withParams } from "../request/args/bitrate-requests.ts";
import { type EncoderPasses, type PassWords, passesOf } from "../request/tables/encoder-passes.ts";

export interface PassRun {
  readonly task: SegmentTask;
  /** In addition to those of the request. */
  readonly encoderArgs: readonly string[];
}

export type TargetTask = Extract<BitrateTask, { pass: "land" }>;

/** How the encoder can run two passes over this segment. */
export function wordsFor(task: SegmentTask, passes: EncoderPasses): PassWords {
  return (passes.clock !== undefined && task.frameClock === undefined) || isHurried(task.request)
    ? "none"
    : passes.passes;
}

/** libvpx writes no first-pass statistics at its realtime deadline, and libaom does not use them. */
function isHurried({ video }: EncodeRequest): boolean {
  return video.privateOptions.some(
    ([key, value]) => ["deadline", "quality", "usage"].includes(key) && /^(realtime|rt|1)$/.test(value),
  );
}

/** Counts the bits of the segment at the quality that all segments of the video are measured with. */
export function measuringRun(task: SegmentTask, bitrate: number, passes: EncoderPasses, folder: string): PassRun {
  const request = measuringRequest(task.request, task.video, bitrate, passes);
  // A first pass of libvpx or libaom writes statistics and no packets.
  const words = passes.firstPass === "measuring" ? passes.passes : "none";
  return passRun({ ...task, request }, words, 1, folder);
}

/** x264 and x265 work best after a first pass of constant quality, the others after one like the second. */
export function firstRun(task: SegmentTask, rate: TargetTask, passes: EncoderPasses, folder: string): PassRun {
  const request =
    passes.firstPass === "measuring"
      ? measuringRequest(task.request, task.video, rate.bitrate, passes)
      : targetRequest(task.request, rate.targetBits / rate.seconds, rate.buffer);
  return passRun({ ...task, request }, passes.passes, 1, folder);
}

/** A second pass, or the only one, at this mean rate. */
export function targetRun(
  task: SegmentTask,
  rate: TargetTask,
  bitrate: number,
  words: PassWords,
  folder: string,
): PassRun {
  const run = passRun({ ...task, request: targetRequest(task.request, bitrate, rate.buffer) }, words, 2, folder);
  const tolerance = passesOf(task.request.video.encoder)?.tolerance;
  if (tolerance === undefined) return run;
  return { ...run, encoderArgs: [...run.encoderArgs, "-bt", String(Math.round(tolerance * bitrate))] };
}

/** `-pass` and its log for the encoders that keep one through ffmpeg; x265 writes its own. */
function passRun(task: SegmentTask, words: PassWords, pass: 1 | 2, folder: string): PassRun {
  const log = join(folder, "pass");
  if (words === "none") return { task, encoderArgs: [] };
  if (words === "passlog") return { task, encoderArgs: ["-pass", String(pass), "-passlogfile", log] };
  const params: NamedOption[] = [
    ["pass", String(pass)],
    ["stats", escaped(`${log}.x265`)],
    // x265's own default encodes the first pass as slowly as the second.
    ...(pass === 1 ? ([["slow-firstpass", "0"]] as const) : []),
  ];
  return { task: { ...task, request: withParams(task.request, params) }, encoderArgs: [] };
}

/** Escapes a path inside a parameter string, where `:` and `=` separate words (av_get_token). */
function escaped(path: string): string {
  return path.replace(/[\\:=']/g, "\\$&");
}

/** A second pass of x264 and x265 refuses a target that it expects to miss; a single pass comes as close as possible. */
const TOO_LOW = /requested bitrate is too low/;

/** Whether a second pass failed by that. The encoder's line may stand far before ffmpeg's last words. */
export function isTooLow({ reason, stderr }: { readonly reason: string; readonly stderr?: string }): boolean {
  return TOO_LOW.test(stderr ?? reason);
}
