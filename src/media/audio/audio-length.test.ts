// How much sound there is, counted where the layout changes in mid-track, and none of it lost by encoders that are behind.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countedTools } from "../ffmpeg/counted-starts.fixture.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { planStreams } from "../plan/stream-plan.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { probeSource } from "../source/probe.ts";
import { finishedLengths, isShort, soundLengths, soundSeconds } from "./audio-length.ts";
import { encodeAudio } from "./encode-audio.ts";

let folder: string;
let tools: Tools;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "audio-length-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function at(name: string): string {
  return join(folder, name);
}

/** A multiple of the frames of MP2, AC-3 and E-AC-3: no last frame to fill. */
const SAMPLES = 96_768;
const NOISE = ["-f", "lavfi", "-i", `anoisesrc=r=48000:a=0.4:c=pink,atrim=end_sample=${SAMPLES}`];

/** A transport stream whose sound, MP2 of `samples` twice, changes from stereo to mono in the middle. */
async function changingLayout(name: string, samples: number, rate: number): Promise<string> {
  const seconds = samples / rate;
  const picture = ["-f", "lavfi", "-i", `color=s=16x16:r=25:d=${seconds}`];
  const noise = ["-f", "lavfi", "-i", `anoisesrc=r=${rate}:a=0.4:c=pink,atrim=end_sample=${samples}`];
  for (const [channels, begins] of [
    [2, 0],
    [1, seconds],
  ] as const) {
    const encoders = ["-c:v", "mpeg2video", "-ac", String(channels), "-c:a", "mp2"];
    const place = ["-output_ts_offset", String(begins), at(`${channels}.ts`)];
    await runFfmpeg(tools, [...picture, ...noise, ...encoders, ...place]);
  }
  const parts = await Promise.all([2, 1].map((channels) => readFile(at(`${channels}.ts`))));
  await writeFile(at(name), Buffer.concat(parts));
  return at(name);
}

test("all of a track whose layout changes in its middle, counted and encoded", async () => {
  const seconds = (2 * SAMPLES) / 48_000;
  const path = await changingLayout("both.ts", SAMPLES, 48_000);
  const info = await probeSource(tools, path);
  expect(await soundSeconds(tools, { path, formats: "mpegts", streamIndexes: [1] })).toEqual([seconds]);
  // 84 frames of 1152 samples in frames of 960: before 7.0, those of one frame would be lost where it changes.
  const plan = planStreams(info, parseEncodeParams("-c:v ffv1 -c:a libopus"), "mkv");
  const { lengths } = await encodeAudio(tools, path, info, plan, { workDir: folder });
  expect([...lengths.values()].map(isShort)).toEqual([false]);
});

test("of Opus at 24 kHz an MP4 gives some of the priming too: what is lost where the layout changes is not hidden by it", async () => {
  // Before 7.0 the changing layout costs 2.5 ms here, and the MP4 says 3.25 ms too much.
  const samples = 3 * 1152;
  const path = await changingLayout("slow.ts", samples, 32_000);
  const info = await probeSource(tools, path);
  const plan = planStreams(info, parseEncodeParams("-c:v ffv1 -c:a libopus"), "mkv");
  const { files, lengths } = await encodeAudio(tools, path, info, plan, { workDir: folder });
  await runFfmpeg(tools, ["-i", files[0] ?? "", "-c", "copy", at("slow.mkv")]);
  const [joined] = await soundSeconds(tools, { path: at("slow.mkv"), formats: "matroska,webm", streamIndexes: [0] });
  expect(joined).toBeGreaterThanOrEqual((2 * samples) / 32_000 - 0.001);
  expect(lengths.get(0)?.outputSeconds).toBeLessThanOrEqual((joined ?? 0) + 0.001);
  // What the MP4 says too much is taken off once: 3.25 ms less would be missing sound.
  expect(lengths.get(0)?.outputSeconds).toBeCloseTo(0.2335, 3);
});

test("the priming of Opus at 24 kHz that lies before zero is not taken off twice: nothing is encoded again", async () => {
  // With its priming it fills its last frame nearly.
  const sound = ["-f", "lavfi", "-i", "anoisesrc=r=32000:a=0.4:c=pink:d=1.632", "-c:a", "pcm_s16le"];
  await runFfmpeg(tools, ["-f", "lavfi", "-i", "color=s=16x16:r=5:d=2", ...sound, "-c:v", "ffv1", at("32.mkv")]);
  const info = await probeSource(tools, at("32.mkv"));
  const plan = planStreams(info, parseEncodeParams("-c:v ffv1 -c:a libopus"), "mkv");
  const counted = await countedTools(tools, folder);
  await encodeAudio(counted, at("32.mkv"), info, plan, { workDir: folder });
  // The encode and the count.
  expect(await counted.starts()).toBe(2);
});

test("encoders that are behind lose nothing of the end", async () => {
  const tracks = ["0:v", "1:a", "1:a", "1:a"].flatMap((map) => ["-map", map]);
  const picture = ["-f", "lavfi", "-i", "color=s=16x16:r=5:d=1"];
  await runFfmpeg(tools, [...picture, ...NOISE, ...tracks, "-c:v", "ffv1", "-c:a", "pcm_s16le", at("three.mkv")]);
  const info = await probeSource(tools, at("three.mkv"));
  const request = parseEncodeParams("-c:v ffv1 -c:a:0 ac3 -c:a:1 eac3 -c:a:2 mp2 -ar:a:2 32000");
  const plan = planStreams(info, request, "mkv");
  const { files, lengths } = await encodeAudio(tools, at("three.mkv"), info, plan, { workDir: folder });
  expect(lengths.size).toBe(3);
  // Source and files are counted in one run; a file that can't be read takes nothing from the others.
  const measure = async (by: Tools, audioPaths: readonly string[]) =>
    await soundLengths(by, { info, plan, sourcePath: at("three.mkv"), audioPaths });
  const counted = await countedTools(tools, folder);
  expect(await measure(counted, files)).toEqual(lengths);
  expect(await counted.starts()).toBe(1);
  const [missing, ...rest] = await measure(tools, [at("missing.mp4"), ...files.slice(1)]);
  expect(missing).toEqual([0, { sourceSeconds: SAMPLES / 48_000, outputSeconds: null }]);
  expect(rest).toEqual([...lengths].slice(1));
  for (const { sourceSeconds, outputSeconds } of lengths.values()) {
    expect(sourceSeconds).toBe(SAMPLES / 48_000);
    expect(outputSeconds).toBeGreaterThanOrEqual(SAMPLES / 48_000);
  }
});

test("nothing is taken from the end of sound that begins a part of a frame late", async () => {
  const picture = ["-f", "lavfi", "-i", "color=s=16x16:r=5:d=2"];
  const tracks = ["0:v", "1:a", "1:a", "1:a"].flatMap((map) => ["-map", map]);
  const late = [...picture, "-itsoffset", "0.02", ...NOISE, ...tracks];
  await runFfmpeg(tools, [...late, "-c:v", "ffv1", "-c:a", "pcm_s16le", at("late.mkv")]);
  const info = await probeSource(tools, at("late.mkv"));
  const plan = planStreams(info, parseEncodeParams("-c:v ffv1 -c:a:0 flac -c:a:1 ac3 -c:a:2 alac"), "mkv");
  const { lengths } = await encodeAudio(tools, at("late.mkv"), info, plan, { workDir: folder });
  expect([...lengths.values()].map(isShort)).toEqual([false, false, false]);
});

test("what counts is the track in the finished output: an end that joining lost is missed", async () => {
  const picture = ["-f", "lavfi", "-i", "color=s=16x16:r=25:d=2"];
  const streams = ["-c:v", "ffv1", "-c:a", "flac"];
  await runFfmpeg(tools, [...picture, ...NOISE, ...streams, at("whole.mkv")]);
  await runFfmpeg(tools, ["-i", at("whole.mkv"), "-c", "copy", "-t", "1.9", at("cut.mkv")]);
  const info = await probeSource(tools, at("whole.mkv"));
  const plan = planStreams(info, parseEncodeParams("-c:v ffv1 -c:a flac"), "mkv");
  const seconds = SAMPLES / 48_000;
  const made = new Map([[0, { sourceSeconds: seconds, outputSeconds: seconds }]]);
  const short = async (name: string) =>
    [...(await finishedLengths(tools, plan, made, { path: at(name), formats: "matroska,webm" })).values()].map(isShort);
  expect([await short("whole.mkv"), await short("cut.mkv")]).toEqual([[false], [true]]);
});

test("sound that is decoded of before an edit list's start does not count", async () => {
  const path = at("early.mov");
  const sound = ["-copyts", "-itsoffset", "-0.5", "-f", "lavfi", "-i", "aevalsrc=0.1*sin(880*t):d=1:s=44100"];
  await runFfmpeg(tools, [...sound, "-c:a", "alac", path]);
  const [seconds] = await soundSeconds(tools, { path, formats: "mov,mp4,m4a,3gp,3g2,mj2", streamIndexes: [0] });
  // Before 7.0 all of it; since then ffmpeg decodes 15,428 samples, of which 1,570 lie before zero, and loses others.
  expect([22_050, 15_428 - 1570]).toContain(Math.round((seconds ?? 0) * 44_100));
});
