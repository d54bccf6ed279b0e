import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { probeSource } from "../source/probe.ts";
import { requireFirstPicture } from "../source/trial.ts";
import { firstPicture, otherPicture } from "./first-picture.ts";

let folder: string;
let tools: Tools;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "first-picture-"));
  tools = await findTools(process.env);
});
afterAll(() => rm(folder, { recursive: true }));

async function firstOf(name: string, args: readonly string[]) {
  const path = join(folder, name);
  await runFfmpeg(tools, ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1", ...args, path]);
  const { formatName, video } = await probeSource(tools, path);
  const { streamIndex, timeBase } = video;
  const where = { streamIndex, formatName, timeBase, video, startPts: 40, endPts: null, clockOffsetUs: 0, seekPts: 40 };
  return await firstPicture(tools, path, where, null);
}

test("size, shape and format of the source's first picture, wherever a segment begins", async () => {
  const first = await firstOf("ten-bits.mkv", ["-vf", "format=yuv420p10le,setsar=16/15", "-c:v", "ffv1"]);
  expect(first).toEqual({
    shape: { width: 96, height: 64, pixelFormat: "yuv420p10le", sampleAspectRatio: "16:15" },
    text: "96x64 16/15 18432",
  });
});

test("tags of any length do not hide it", async () => {
  const tags = Array.from({ length: 40 }, (_, at) => ["-metadata", `tag${at}=${"said ".repeat(200)}`]).flat();
  const first = await firstOf("tags.mkv", ["-c:v", "ffv1", "-pix_fmt", "yuv422p", ...tags]);
  expect(first?.shape.pixelFormat).toBe("yuv422p");
});

test("full range that the name of the format says", async () => {
  const first = await firstOf("jpeg.mkv", ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]);
  expect(first?.shape.pixelFormat).toBe("yuvj420p");
});

test("the trial before the job says the same of it, whatever filters and encoder make of it", async () => {
  for (const [name, make, params] of [
    [
      "odd.mkv",
      ["-vf", "scale=95:63,setsar=16/15", "-c:v", "ffv1", "-pix_fmt", "gray10le"],
      "-c:v mpeg4 -vf scale=64:64",
    ],
    ["full.mkv", ["-c:v", "mjpeg", "-pix_fmt", "yuvj422p"], "-c:v libx264 -pix_fmt yuv420p -vf tmix=frames=3,fps=5"],
  ] as const) {
    const first = await firstOf(name, make);
    const path = join(folder, name);
    const info = await probeSource(tools, path);
    const trial = { path, info, request: parseEncodeParams(params), encoderTimeBase: { num: 1, den: 25 } };
    expect(first).not.toBeNull();
    expect((await requireFirstPicture(tools, trial)).decoded).toEqual(first);
  }
});

test("a segment that begins with another size, shape or format is told", async () => {
  const first = await firstOf("plain.mkv", ["-c:v", "ffv1", "-pix_fmt", "yuv420p"]);
  expect(otherPicture(first, "96x64 1/1 9216")).toBeNull();
  expect(otherPicture(first, "48x32 1/1 2304")).toContain("48x32 1/1 2304");
  expect(otherPicture(first, "96x64 16/15 9216")).toContain("its pictures are");
  expect(otherPicture(first, "96x64 1/1 18432")).toContain("its pictures are");
});

test("nothing is told where nobody can tell", () => {
  expect(otherPicture(null, "96x64 1/1 9216")).toBeNull();
});
