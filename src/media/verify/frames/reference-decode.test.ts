// The decode in sequence tells what a range holds, waits for no more than it needs, and begins at the source's beginning.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forgetBoxes } from "../../../../test/support/edit-boxes.ts";
import { runFfmpeg } from "../../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../../ffmpeg/tools.ts";
import { indexSource } from "../../index/index-source.ts";
import { frameTimingOf } from "../../plan/frame-timing.ts";
import { parseEncodeParams } from "../../request/parse/parse-params.ts";
import { planSegment } from "../../segment/segment-task.ts";
import { probeSource } from "../../source/probe.ts";
import { filteredTimes } from "./filtered-times.ts";
import { ReferenceDecode } from "./reference-decode.ts";

let tools: Tools;
let folder: string;
let path: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-reference-"));
  path = join(folder, "film.mp4");
  const film = ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=2", "-c:v", "libx264", "-preset", "veryfast"];
  await runFfmpeg(tools, [...film, "-bf", "2", "-g", "25", path]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const timingOf = (params: string) => frameTimingOf(parseEncodeParams(params), { num: 1, den: 12_800 });

async function decodeOf(file: string) {
  return new ReferenceDecode(tools, file, await probeSource(tools, file), "libx264");
}

test("ranges that touch hold every picture once, and agree on the one at their boundary", async () => {
  using reference = await decodeOf(path);
  const timing = timingOf("-c:v libx264");
  const later = await reference.range(timing, { startPts: 20 * 512, endPts: null }, 512);
  const earlier = await reference.range(timing, { startPts: null, endPts: 20 * 512 }, 512);
  const frames = Array.from({ length: 50 }, (_, frame) => frame * 512);
  expect([...earlier.pts, ...later.pts]).toEqual(frames);
  expect(earlier.seams.afterEnd).toMatch(/^[0-9a-f]{32}$/);
  expect(earlier.seams.afterEnd).toBe(later.seams.start);
  expect(earlier.seams.start).not.toBe(later.seams.start);
  expect(later.seams.afterEnd).toBe(null);
});

test("the frame timing is applied to what was decoded", async () => {
  using reference = await decodeOf(path);
  const timing = timingOf("-vf fps=10 -c:v libx264");
  const { pts } = await reference.range(timing, { startPts: null, endPts: null }, 512);
  expect(pts).toEqual(Array.from({ length: 20 }, (_, tick) => tick));
});

test("pictures whose times are false get ffmpeg's own, each later than the one before", async () => {
  const lying = join(folder, "lying.mp4");
  await forgetBoxes(path, ["ctts", "edts"], lying);
  using reference = await decodeOf(lying);
  const { pts } = await reference.range(timingOf("-c:v libx264"), { startPts: null, endPts: null }, 512);
  expect(pts.length).toBe(50);
  expect(pts.every((each, position) => position === 0 || each > (pts[position - 1] ?? 0))).toBe(true);
});

test("what can't be decoded is said to whoever asks", async () => {
  const info = await probeSource(tools, path);
  using reference = new ReferenceDecode(tools, join(folder, "gone.mp4"), info, "libx264");
  await expect(reference.range(timingOf("-c:v libx264"), { startPts: null, endPts: null }, 512)).rejects.toThrow(
    "could not be decoded in sequence",
  );
});

test("through filters, false times give what one run of the same filters gives", async () => {
  const lying = join(folder, "filtered.mp4");
  await forgetBoxes(path, ["ctts", "edts"], lying);
  const info = await probeSource(tools, lying);
  const index = await indexSource(tools, lying, info, { onGops: () => undefined });
  const request = parseEncodeParams("-vf fps=30 -c:v libx264");
  const task = planSegment({ info, index, grid: null }, request, { startPts: null, endPts: null }, 0);
  const plain = join(folder, "plain.mkv");
  await runFfmpeg(tools, ["-i", lying, "-vf", "fps=30", "-c:v", "ffv1", plain]);
  const shown = await indexSource(tools, plain, await probeSource(tools, plain), { onGops: () => undefined });
  const times = await filteredTimes(tools, lying, task);
  expect(times).toEqual(Array.from({ length: shown.frameCount }, (_, tick) => tick));
  expect(times.length).toBeGreaterThan(50);
});

test("pictures are counted where a task counts them, and nothing is decoded for one that does not", async () => {
  const info = await probeSource(tools, path);
  using nothing = new ReferenceDecode(tools, join(folder, "gone.mp4"), info, "libx264");
  expect(await nothing.counted({ endPts: 30 * 512 })).toBeNull();
  using reference = new ReferenceDecode(tools, path, info, "libx264");
  const sourceFrames = { startPts: 20 * 512, frames: 7 };
  const decoded = await reference.counted({ sourceFrames, endPts: 30 * 512 });
  expect(decoded?.countFrames(sourceFrames.startPts, 30 * 512)).toBe(10);
  await reference.counted({ sourceFrames, endPts: null });
  expect(decoded?.countFrames(sourceFrames.startPts, null)).toBe(30);
});
