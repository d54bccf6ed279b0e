// What is cut away, and what is not: real bars, films of dark scenes, pictures of several shapes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../../ffmpeg/tools.ts";
import { probeSource } from "../probe.ts";
import { decideCrop, type VisibleArea } from "./crop-decision.ts";
import { detectCrop, parseSeen } from "./detect-crop.ts";

const area = (left: number, top: number, right: number, bottom: number): VisibleArea => ({ left, top, right, bottom });
const full = area(0, 0, 1919, 1079);
const wide = area(0, 140, 1919, 939);
const times = (count: number, each: VisibleArea | null) => Array.from({ length: count }, () => each);
const decide = (areas: readonly (VisibleArea | null)[], isInterlaced = false) =>
  decideCrop({ width: 1920, height: 1080, isInterlaced, areas });

describe("the decision", () => {
  test("bars at all places are cut, dark and black places among them or not", () => {
    const crop = { width: 1920, height: 800, x: 0, y: 140 };
    expect(decide(times(30, wide))).toEqual({ kind: "crop", crop, found: 30, places: 30 });
    const dark = [...times(20, wide), ...times(6, area(600, 400, 900, 500)), ...times(4, null)];
    expect(decide(dark)).toEqual({ kind: "crop", crop, found: 20, places: 30 });
  });

  test("one place that shows more keeps all of it, and where few places reach an edge nothing is cut", () => {
    expect(decide([...times(29, wide), full]).kind).toBe("whole");
    const taller = area(0, 60, 1919, 1019);
    expect(decide([...times(29, wide), taller])).toMatchObject({ kind: "uncertain", places: 30 });
    expect(decide([...times(20, wide), ...times(10, taller)])).toMatchObject({
      crop: { height: 960, y: 60 },
      found: 10,
    });
  });

  test("sides are even, outwards, and multiples of four where fields need it", () => {
    const odd = area(241, 141, 1680, 938);
    expect(decide(times(9, odd))).toMatchObject({ crop: { width: 1442, height: 800, x: 240, y: 140 } });
    expect(decide(times(9, area(0, 142, 1919, 937)), true)).toMatchObject({ crop: { height: 800, y: 140 } });
  });

  test("lines at an edge are no bars, a few places are no film, and hardly any picture is none", () => {
    expect(decide(times(9, area(2, 0, 1917, 1077))).kind).toBe("whole");
    expect(decide(times(3, wide)).kind).toBe("uncertain");
    expect(decide(times(9, null)).kind).toBe("uncertain");
    expect(decide(times(9, area(800, 500, 1100, 600))).kind).toBe("uncertain");
  });
});

test("what cropdetect says of a black picture, and of none", () => {
  const said = (x1: number, x2: number) =>
    `frame:0    pts:5       pts_time:-1.25\n${Object.entries({ x1, x2, y1: 0, y2: 9 })
      .map(([key, value]) => `lavfi.cropdetect.${key}=${value}\n`)
      .join("")}`;
  expect(parseSeen(said(0, 19))).toEqual({ at: -1.25, area: area(0, 0, 19, 9) });
  expect(parseSeen(said(19, 0))).toEqual({ at: -1.25, area: null });
  expect(parseSeen("")).toBeNull();
});

describe("real files", () => {
  let folder: string;
  let tools: Tools;
  beforeAll(async () => {
    tools = await findTools(process.env);
    folder = await mkdtemp(join(tmpdir(), "crop-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("bars are found by key frames alone, and whole pictures have none", async () => {
    const found = async (name: string, filters: string) => {
      const path = join(folder, name);
      const input = ["-f", "lavfi", "-i", "testsrc2=s=320x136:r=10:d=20", "-vf", filters];
      await runFfmpeg(tools, [...input, "-c:v", "mpeg4", "-q:v", "3", "-g", "10", path]);
      return await detectCrop(tools, { path, info: await probeSource(tools, path) });
    };
    const bars = await found("bars.mkv", "pad=320:180:0:22");
    expect(bars).toMatchObject({ kind: "crop", crop: { width: 320, height: 136, x: 0, y: 22 } });
    expect((await found("whole.mkv", "null")).kind).toBe("whole");
  }, 60_000);
});
