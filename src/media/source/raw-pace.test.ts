import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { probeSource } from "./probe.ts";
import { lostPace, requirePace } from "./raw-pace.ts";

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-pace-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("pictures far closer than the rate says have lost their pace; fields and guessed rates have not", () => {
  const rate = { num: 30000, den: 1001 };
  expect(lostPace([0, 100 / 3, 200 / 3, 100], rate)).toBeCloseTo(33.3, 1);
  expect(lostPace([0, 33367, 66733, 100100], rate)).toBe(null);
  expect(lostPace([0, 16683, 33367], rate)).toBe(null);
  expect(lostPace([0, 33], rate)).toBe(null);
  expect(lostPace([], rate)).toBe(null);
});

test("a raw MPEG-4 stream of 29.97 is refused by an ffmpeg that loses its pace, and by no other", async () => {
  const path = join(folder, "in.m4v");
  await runFfmpeg(tools, [
    "-f",
    "lavfi",
    "-i",
    "testsrc2=s=64x64:r=30000/1001:d=1",
    "-c:v",
    "mpeg4",
    "-f",
    "m4v",
    path,
  ]);
  const info = await probeSource(tools, path);
  const refusal = await requirePace(tools, path, info).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (Number.parseInt(tools.version, 10) < 7) expect(refusal).toBe(null);
  else
    expect(refusal).toMatchObject({
      code: "E_SOURCE_REFUSED",
      message: expect.stringContaining("33 µs apart, where its rate is 30000/1001"),
      hint: expect.stringContaining("ffmpeg -r 30000/1001 -i FILE -c copy timed.mkv"),
    });
});
