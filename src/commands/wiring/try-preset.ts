// Encodes a short clip with a preset on this machine, through the same steps as a job: index, segments, sound, stitch, proof.
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../base/config/resolve-options.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { removeTree } from "../../base/files.ts";
import { toNumber } from "../../base/rational.ts";
import { readInventory } from "../../media/ffmpeg/builds/inventory.ts";
import { runTool } from "../../media/ffmpeg/run-tool.ts";
import { lastWords } from "../../media/ffmpeg/stderr.ts";
import { fileUrl, inputFiles, QUIET } from "../../media/ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../../media/ffmpeg/tools.ts";
import { runLocally } from "../../media/local/local-pipeline.ts";
import type { EncodeRequest } from "../../media/model/encode-request.ts";
import type { Container, SourceInfo } from "../../media/model/source.ts";
import { lacksFor, needsOf } from "../../media/plan/needs.ts";
import { audioToEncode } from "../../media/plan/stream-plan.ts";
import { planSource } from "../../media/recipe/plan-source.ts";
import { parseEncodeParams } from "../../media/request/parse/parse-params.ts";
import { codecOfEncoder } from "../../media/request/tables/encoders.ts";
import { candidatesFor, translateRequest } from "../../media/request/translate/translate.ts";

/** Of a clip that was given, only its beginning is encoded. */
export const MOST_CLIP_SECONDS = 10;
const MADE_SECONDS = 4;
const SEGMENT_SECONDS = 2;

export interface PresetTrial {
  readonly ffmpeg: string;
  readonly encoder: string;
  readonly container: Container;
  readonly clip: { readonly width: number; readonly height: number; readonly seconds: number };
  readonly output: { readonly bytes: number; readonly bits_per_second: number };
  /** Of the encoding alone. */
  readonly frames_per_second: number;
  /** How often the clip would fit into the time that encoding it took. */
  readonly times_playing: number;
  readonly frames: number;
  readonly segments: number;
  readonly exact: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[];
}

/** Pictures that move and a tone whose loudness changes, as `doctor` uses. */
function madeClipArgs(output: string): string[] {
  const video = `testsrc2=size=1920x1080:rate=24000/1001:duration=${MADE_SECONDS}`;
  const tone = "0.4*sin(880*PI*t*t)*(0.2+gt(mod(t,1),0.5))";
  const audio = `aevalsrc=exprs='${tone}|${tone}':sample_rate=48000:duration=${MADE_SECONDS}`;
  return [
    ...[...QUIET, "-f", "lavfi", "-i", video, "-f", "lavfi", "-i", audio],
    ...["-c:v", "mpeg4", "-q:v", "2", "-bf", "2", "-g", "24", "-c:a", "aac", "-b:a", "192k"],
    ...["-video_track_timescale", "24000", "-f", "mp4", "-y", output],
  ];
}

/** The beginning of the picture and the sound of a given clip, as they are. */
function beginningArgs(input: string, output: string): string[] {
  return [
    ...[...QUIET, "-i", input, "-t", String(MOST_CLIP_SECONDS), "-map", "0:V:0", "-map", "0:a?"],
    ...["-c", "copy", "-f", "matroska", "-y", output],
  ];
}

async function makeClip(tools: Tools, given: string | null, folder: string, signal: AbortSignal): Promise<string> {
  const clip = join(folder, given === null ? "clip.mp4" : "clip.mkv");
  const args = given === null ? madeClipArgs(fileUrl(clip)) : beginningArgs(fileUrl(given), fileUrl(clip));
  const made = await runTool({ tools, program: "ffmpeg", reads: inputFiles(args), writes: [clip], args, signal });
  signal.throwIfAborted();
  if (made.exitCode === 0) return clip;
  const hint = given === null ? "`ffcluster doctor` checks ffmpeg." : "Give another clip, or none.";
  throw new AppError("E_SOURCE_REFUSED", `no clip could be made: ${lastWords(made.stderrTail)}`, hint);
}

/** In the words of the encoder that this machine would use: for a codec, the first one in software. */
async function resolved(tools: Tools, request: EncodeRequest, { video }: SourceInfo): Promise<EncodeRequest> {
  const { encoders } = await readInventory(tools);
  const { candidates } = candidatesFor(request, video, null);
  const software = candidates.filter(({ family }) => family === "software");
  const found = software.find(({ encoder }) => encoders.has(encoder)) ?? candidates[0];
  return found === undefined ? request : translateRequest(request, found.encoder, video).request;
}

/** Errors: E_ENCODE_REQUEST with everything that this machine's ffmpeg lacks. */
async function requireAble(tools: Tools, request: EncodeRequest, clip: string, container: Container): Promise<void> {
  const { info, plan } = await planSource(tools, clip, { request, container });
  const { encoder } = request.video;
  const encoders = [encoder, ...audioToEncode(plan).map(({ action }) => action.encoder)];
  const lacks = lacksFor(await readInventory(tools), needsOf(info, request), encoders, codecOfEncoder(encoder));
  if (lacks.length === 0) return;
  const message = `this machine can't: its ffmpeg ${tools.version} ${lacks.join(", and ")}`;
  const hint =
    "`ffcluster ffmpeg install` brings a build that has it; other machines of a cluster may have it already.";
  throw new AppError("E_ENCODE_REQUEST", message, hint);
}

interface TrialWanted {
  readonly env: Environment;
  readonly ffmpegParams: string;
  /** Absolute path; null: a clip is made. */
  readonly clip: string | null;
  readonly signal: AbortSignal;
}

/** Errors: why this machine can't encode with the preset. */
export async function tryPreset({ env, ffmpegParams, clip: given, signal }: TrialWanted): Promise<PresetTrial> {
  const tools = await findTools(env);
  const asked = parseEncodeParams(ffmpegParams);
  const container = asked.container.format ?? "mp4";
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-preset-"));
  try {
    const clip = await makeClip(tools, given, folder, signal);
    const { info } = await planSource(tools, clip, { request: asked, container }, { signal });
    const request = await resolved(tools, asked, info);
    await requireAble(tools, request, clip, container);
    const options = { workDir: folder, container, segmentSeconds: SEGMENT_SECONDS, threads: null, signal };
    const result = await runLocally(tools, clip, request, options);
    return await trialOf(tools, request.video.encoder, container, result);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    throw new AppError("E_ENCODE_FAILED", `this machine can't: ${toAppError(thrown).message}`, "Try another preset.", {
      cause: thrown,
    });
  } finally {
    await removeTree(folder);
  }
}

async function trialOf(
  tools: Tools,
  encoder: string,
  container: Container,
  { info, index, segments, seamProblems, check, outputPath }: Awaited<ReturnType<typeof runLocally>>,
): Promise<PresetTrial> {
  const { size: bytes } = await stat(outputPath);
  const frames = segments.reduce((sum, { facts }) => sum + facts.frames, 0);
  const encodeSeconds = segments.reduce((sum, { report }) => sum + report.seconds, 0);
  const seconds = ((index.endPts ?? 0) - (index.firstPts ?? 0)) * toNumber(index.timeBase);
  const seams = { name: "seams", ok: seamProblems.length === 0, detail: seamProblems[0] ?? "neighbours agree" };
  const checks = [...check.checks, seams];
  const { width, height } = info.video;
  return {
    ffmpeg: tools.version,
    encoder,
    container,
    clip: { width, height, seconds },
    output: { bytes, bits_per_second: Math.round((bytes * 8) / Math.max(seconds, 0.001)) },
    frames_per_second: frames / Math.max(encodeSeconds, 0.001),
    times_playing: seconds / Math.max(encodeSeconds, 0.001),
    frames,
    segments: segments.length,
    exact: checks.every(({ ok }) => ok),
    checks,
  };
}
