// Tries encoders: ffmpeg encodes a few frames that it makes itself and discards them. Says why one fails.

import { deviceEncoderArgs, deviceInitArgs, type EncodeDevice, uploadFilters } from "../media/ffmpeg/encode-device.ts";
import { videoFilters } from "../media/ffmpeg/filter-graph.ts";
import { runTool } from "../media/ffmpeg/run-tool.ts";
import { createStallRule, stallBounds } from "../media/ffmpeg/stall.ts";
import { QUIET } from "../media/ffmpeg/tool-args.ts";
import type { Tools } from "../media/ffmpeg/tools.ts";
import type { FamilyDetector, TrialPicture } from "./types.ts";

/**
 * A device that hangs must not hold up the start: it uses no processor time. A working trial takes 0.1 s, all software
 * encoders at once 0.6 s; on a machine that others keep busy, a hundred times as long.
 */
const IDLE_MS = 10_000;
/** However busy the machine is. */
const TRIAL_TIMEOUT_MS = 5 * 60_000;
/** Some hardware encoders refuse anything smaller than about 145x49. */
export const SMALL: TrialPicture = { width: 256, height: 144, isDeep: false };

/** The pixel format for hardware encoders: frames in system memory, except for VA-API, whose upload names it. */
function formatArgs(encoder: string, device: EncodeDevice, { isDeep }: TrialPicture): string[] {
  const upload = uploadFilters(device, isDeep ? "yuv420p10le" : "yuv420p");
  if (upload.length > 0) return videoFilters(upload);
  if (device.family === "software") return [];
  if (encoder.startsWith("prores")) return ["-pix_fmt", "p210le"];
  return ["-pix_fmt", isDeep ? "p010le" : device.family === "nvenc" ? "yuv420p" : "nv12"];
}

/** The arguments of one ffmpeg that tries `encoders`, one output each. A large picture is a single plain one. */
export function trialCommand(
  detector: FamilyDetector,
  encoders: readonly string[],
  deviceId: string | null,
  picture: TrialPicture = SMALL,
): string[] {
  const device: EncodeDevice = { family: detector.family, id: deviceId };
  const isSmall = picture.width <= SMALL.width;
  const source = `${isSmall ? "testsrc2=" : "color=c=gray:"}size=${picture.width}x${picture.height}:rate=25:duration=0.12`;
  const outputs = encoders.flatMap((encoder) => [
    ...["-map", "0:v", ...formatArgs(encoder, device, picture), "-c:v", encoder],
    ...[...deviceEncoderArgs(device), ...detector.trialArgs(encoder)],
    ...["-frames:v", isSmall ? "3" : "1", "-f", "null", "-"],
  ]);
  return [...QUIET, ...deviceInitArgs(device), "-f", "lavfi", "-i", source, ...outputs];
}

/** ffmpeg's first complaint as one sentence: it names the cause, later lines its consequences. */
export function firstWords(stderr: string): string {
  const line = stderr
    .split(/\r?\n/)
    .map((text) => text.replace(/^(\[[^\]]*\]\s*)+/, "").trim())
    .find((text) => text !== "" && !text.startsWith("Svt["));
  if (line === undefined) return "ffmpeg failed without a word";
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

export interface Trial {
  readonly detector: FamilyDetector;
  readonly encoders: readonly string[];
  readonly device: string | null;
  readonly picture?: TrialPicture;
}

/** What all trials of a look share. */
export interface TrialRun {
  readonly signal: AbortSignal | undefined;
  /** A trial without processor time for this long hangs. Default: 10 s. */
  readonly idleMs: number | undefined;
  /** Called when one gave no answer that a busy machine may owe. */
  readonly onNoAnswer: () => void;
}

/** Null when all of them work; else ffmpeg's stderr, or why there is none. */
export async function tryEncoders(tools: Tools, trial: Trial, run: TrialRun): Promise<string | null> {
  const { signal, idleMs = IDLE_MS } = run;
  const rule = createStallRule(stallBounds(idleMs));
  const { detector, encoders, device, picture } = trial;
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [],
    writes: [],
    usesDevice: detector.family !== "software",
    args: trialCommand(detector, encoders, device, picture),
    timeoutMs: TRIAL_TIMEOUT_MS,
    isStalled: (cpuMs) => rule.check(performance.now(), cpuMs, false),
    ...(signal ? { signal } : {}),
  });
  signal?.throwIfAborted();
  if (result.ended === "timeout" || result.ended === "stalled") {
    // Software that stands still waits for the machine; a device that does is broken.
    if (result.ended === "timeout" || detector.family === "software") run.onNoAnswer();
    return result.ended === "stalled" ? rule.reason() : `no answer within ${TRIAL_TIMEOUT_MS / 1000} s`;
  }
  return result.exitCode === 0 ? null : result.stderrTail || "ffmpeg failed without a word";
}
