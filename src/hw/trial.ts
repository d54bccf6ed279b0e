// One trial: ffmpeg encodes three small frames it makes itself, to nowhere. Says whether, and if not, why.
import { runTool } from "../base/process.ts";
import type { Tools } from "../media/tools.ts";
import type { FamilyDetector } from "./types.ts";

/** A device that hangs must not hold up the start; a working trial takes 0.1 s, all software encoders at once 0.6 s. */
const TRIAL_TIMEOUT_MS = 10_000;
/** Some hardware encoders refuse anything smaller than about 145x49. */
const FRAMES = "testsrc2=size=256x144:rate=25:duration=0.12";

/** The whole argument list of one ffmpeg that tries `encoders`, one output each. */
export function trialCommand(detector: FamilyDetector, encoders: readonly string[]): string[] {
  const outputs = encoders.flatMap((encoder) => [
    ...["-map", "0:v", ...detector.trialArgs(encoder)],
    ...["-frames:v", "3", "-f", "null", "-"],
  ]);
  return [
    ...["-hide_banner", "-nostdin", "-v", "error", ...detector.inputArgs, "-f", "lavfi", "-i", FRAMES],
    ...outputs,
  ];
}

/** ffmpeg's first complaint as one sentence: its first words name the cause, the later ones what followed from it. */
export function firstWords(stderr: string): string {
  const line = stderr
    .split(/\r?\n/)
    .map((text) => text.replace(/^(\[[^\]]*\]\s*)+/, "").trim())
    .find((text) => text !== "" && !text.startsWith("Svt["));
  if (line === undefined) return "ffmpeg failed without a word";
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** Null when every named encoder works, else the reason. */
export async function tryEncoders(
  tools: Tools,
  detector: FamilyDetector,
  encoders: readonly string[],
  signal?: AbortSignal,
): Promise<string | null> {
  const result = await runTool({
    program: tools.ffmpeg,
    args: trialCommand(detector, encoders),
    timeoutMs: TRIAL_TIMEOUT_MS,
    ...(signal ? { signal } : {}),
  });
  signal?.throwIfAborted();
  if (result.ended === "timeout") return `no answer within ${TRIAL_TIMEOUT_MS / 1000} s`;
  return result.exitCode === 0 ? null : firstWords(result.stderrTail);
}
