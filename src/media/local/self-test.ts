// Shows that the method works on this machine with this ffmpeg: makes a clip, splits it into segments, encodes them without
// loss, stitches them, and compares every frame of the output with the clip.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { toAppError } from "../../base/errors.ts";
import { removeTree } from "../../base/files.ts";
import { MICROSECONDS } from "../../base/rational.ts";
import { frameDigests, readFrameDigests } from "../ffmpeg/framehash.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { emptyEncodeRequest } from "../model/encode-request.ts";
import type { ProofCheck } from "../model/proof.ts";
import { runLocally } from "./local-pipeline.ts";

export interface SelfTestCheck extends ProofCheck {
  readonly detail: string;
}

export interface SelfTestResult {
  readonly ok: boolean;
  readonly checks: readonly SelfTestCheck[];
}

/** Encoders of every usual build; the first that works makes the clip. */
const LOSSLESS = "ffv1";

function clipArgs(output: string): string[] {
  const video = "testsrc2=size=160x96:rate=24000/1001:duration=3.2";
  // A tone whose loudness changes, so that the offset can be measured.
  const audio = "aevalsrc=exprs='0.4*sin(880*PI*t*t)*(0.2+gt(mod(t,1),0.5))':sample_rate=48000:duration=3.2";
  return [
    ...QUIET,
    ...["-f", "lavfi", "-i", video, "-f", "lavfi", "-i", audio],
    ...[
      "-c:v",
      "mpeg4",
      "-q:v",
      "3",
      "-bf",
      "2",
      "-g",
      "12",
      "-c:a",
      "aac",
      "-video_track_timescale",
      "24000",
      "-f",
      "mp4",
      "-y",
      output,
    ],
  ];
}

/** PTS in microseconds and MD5 of each decoded picture. */
async function framesOf(tools: Tools, path: string): Promise<string[]> {
  const frames: string[] = [];
  const input = ["-hide_banner", "-nostdin", "-v", "error", "-copyts", "-i", fileUrl(path)];
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [path],
    writes: [],
    args: [...input, "-map", "0:V:0", ...frameDigests(MICROSECONDS), "pipe:1"],
    onLine: readFrameDigests((us, digest) => frames.push(`${Math.round(us)} ${digest}`)),
  });
  if (result.exitCode !== 0) throw new Error(lastWords(result.stderrTail));
  return frames;
}

/** Takes about two seconds. Never throws for a failing ffmpeg: the check that failed says why. */
export async function selfTest(tools: Tools, workDir: string, signal?: AbortSignal): Promise<SelfTestResult> {
  const folder = join(workDir, "self-test");
  const checks: SelfTestCheck[] = [];
  const done = (): SelfTestResult => ({ ok: checks.every((check) => check.ok), checks });
  await mkdir(folder, { recursive: true });
  try {
    const clip = join(folder, "clip.mp4");
    const made = await runTool({
      tools,
      program: "ffmpeg",
      reads: [],
      writes: [clip],
      args: clipArgs(fileUrl(clip)),
      signal,
    });
    checks.push({
      name: "make a clip",
      ok: made.exitCode === 0,
      detail: made.exitCode === 0 ? "3.2 s with sound" : lastWords(made.stderrTail),
    });
    if (made.exitCode !== 0) return done();
    const empty = emptyEncodeRequest();
    const request = { ...empty, video: { ...empty.video, encoder: LOSSLESS } };
    const result = await runLocally(tools, clip, request, {
      workDir: folder,
      container: "mov",
      segmentSeconds: 1,
      threads: 1,
      signal,
    });
    checks.push({
      name: "seek, trim and encode",
      ok: result.segments.length >= 3 && result.notes.length === 0,
      detail: result.notes[0] ?? `${result.segments.length} segments as planned`,
    });
    const seams = result.seamProblems.length === 0;
    checks.push({ name: "seams", ok: seams, detail: result.seamProblems[0] ?? "neighbours decode the same pictures" });
    const [source, output] = [await framesOf(tools, clip), await framesOf(tools, result.outputPath)];
    const wrong = source.findIndex((frame, position) => frame !== output[position]);
    const exact = wrong === -1 && source.length === output.length && source.length > 0;
    checks.push({
      name: "every frame exact",
      ok: exact,
      detail: exact
        ? `${source.length} frames and times equal`
        : `${output.length} of ${source.length} frames, first difference at ${wrong}`,
    });
    for (const check of result.check.checks)
      checks.push({ name: `output: ${check.name}`, ok: check.ok, detail: check.detail ?? "" });
    return done();
  } catch (thrown) {
    checks.push({ name: "run the pipeline", ok: false, detail: toAppError(thrown).message });
    return done();
  } finally {
    await removeTree(folder);
  }
}
