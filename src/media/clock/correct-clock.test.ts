import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { indexSource } from "../index/index-source.ts";
import type { SourceInfo } from "../model/source.ts";
import { probeSource } from "../source/probe.ts";
import { correctArgs, correctClock, isMisplaced } from "./correct-clock.ts";
import { PacketClock } from "./read-clock.ts";

let folder: string;
let tools: Tools;

function ffmpeg(...args: readonly string[]): Promise<string> {
  return runFfmpeg(tools, args);
}

beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "correct-clock-"));
  const source = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=1", "-f", "lavfi", "-i", "sine=440:r=48000:d=1"];
  await ffmpeg(...source, "-c:v", "mpeg2video", "-g", "5", "-c:a", "mp2", at("one.ts"));
  await ffmpeg("-i", at("one.ts"), "-c", "copy", "-output_ts_offset", "500", at("later.ts"));
  await ffmpeg("-i", at("one.ts"), "-map", "0:a", "-map", "0:v", "-c", "copy", at("sound-first.ts"));
  await ffmpeg("-i", at("one.ts"), "-c:v", "copy", "-ar", "44100", "-c:a", "ac3", at("ac3.ts"));
  await ffmpeg("-i", at("one.ts"), "-an", "-c", "copy", at("silent.ts"));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** Pictures at the times of the file, not at those of their rate. */
const TICKS = ["-enc_time_base", "1:90000"];
/** A field of a frame's line: of pictures it goes by the rate that the file seems to have. */
const LENGTH = 3;

const VIDEO_AND_SOUND = ["video", "audio"].map((type, index) => ({
  ...{ type, index, isAttachedPicture: false },
  timeBase: { num: 1, den: 90_000 },
}));

function at(name: string): string {
  return join(folder, name);
}

async function joined(name: string, parts: readonly string[]): Promise<string> {
  await writeFile(at(name), Buffer.concat(await Promise.all(parts.map((part) => readFile(at(part))))));
  return at(name);
}

async function correct(path: string, decoded: readonly number[] = []) {
  const info = await probeSource(tools, path);
  const used = { kept: info.streams.map(({ index }) => index), decoded, keptTick: info.video.timeBase };
  return await correctClock(tools, { path, info }, used, { path: at("corrected.ts"), folder });
}

/** Seconds from the first picture to the last. */
async function secondsOf(path: string): Promise<number> {
  const info = await probeSource(tools, path);
  const index = await indexSource(tools, path, info, { onGops: () => undefined });
  return ((index.lastPts ?? 0) - (index.firstPts ?? 0)) / 90_000;
}

describe("the whole argument list", () => {
  const info = { formatName: "mpegts", video: { streamIndex: 0 } } as SourceInfo;
  const files = { input: "file:/s/in.ts", output: "file:/s/out.ts" };
  const input = ["-protocol_whitelist", "file", "-format_whitelist", "mpegts", "-f", "mpegts", "-i", "file:/s/in.ts"];
  const copied = ["-c", "copy", "-copyinkf", "-pes_payload_size", "0", "-f", "mpegts", "-y", "file:/s/out.ts"];

  test("all is copied", () => {
    expect(correctArgs(info, [0, 1], [], files).slice(4)).toEqual([...input, "-map", "0:0", "-map", "0:1", ...copied]);
  });

  test("what a plain run decodes is decoded beside it", () => {
    expect(correctArgs(info, [0, 1], [0, 1], files).slice(6)).toEqual([
      ...[...input, "-map", "0:0", "-map", "0:1", ...copied],
      ...["-map", "0:0", "-vf", "select=expr=0", "-f", "null", "-"],
      ...["-map", "0:1", "-f", "null", "-"],
    ]);
  });

  test("a track without packets keeps its place, so that the others keep their numbers", () => {
    const args = correctArgs(info, [null, 1], [], files).join(" ");
    expect(args).toContain("-i file:/s/in.ts -protocol_whitelist data -t 0 -f srt -i data:text/plain;base64,");
    expect(args).toContain(" -map 1:0 -map 0:1 -c copy");
  });
});

test("a stream that is not kept is left out, and the others keep their numbers", async () => {
  const path = await joined("two.ts", ["sound-first.ts", "sound-first.ts"]);
  const info = await probeSource(tools, path);
  const target = { path: at("corrected.ts"), folder };
  const corrected = await correctClock(tools, { path, info }, { kept: [1], decoded: [1], keptTick: null }, target);
  expect(corrected?.info.streams.map(({ type, startPts }) => [type, startPts !== null])).toEqual([
    ["audio", false],
    ["video", true],
  ]);
  const copy = await probeSource(tools, target.path);
  expect(copy.streams.map(({ type }) => type)).toEqual(["data", "video"]);
});

test("what is decoded stands where a plain run has it", async () => {
  const path = await joined("ac3-twice.ts", ["ac3.ts", "ac3.ts"]);
  const corrected = await correct(path, [0, 1]);
  const times = async (file: string) => {
    const maps = ["-map", "0:1", "-map", "0:0", "-fps_mode", "passthrough"];
    const hashes = await ffmpeg("-i", file, ...maps, ...TICKS, "-f", "framehash", "-hash", "murmur3", "-");
    return hashes.split("\n").map((line) => line.split(",").filter((_, field) => field !== LENGTH));
  };
  const source = await times(path);
  expect(source.length).toBeGreaterThan(100);
  expect(await times(corrected?.path ?? "")).toEqual(source);
});

test("one recording is left as it is", async () => expect(await correct(at("one.ts"))).toBeNull());

for (const [name, parts] of Object.entries({
  "back.ts": ["one.ts", "one.ts"],
  "forward.ts": ["one.ts", "later.ts", "one.ts"],
})) {
  test(`${name}: on one clock it lasts as long as its parts together`, async () => {
    const path = await joined(name, parts);
    const corrected = await correct(path);
    expect(corrected?.note).toContain("several recordings joined: at 2.");
    expect(await secondsOf(corrected?.path ?? "")).toBeCloseTo(parts.length - 0.04, 1);
    const info = await probeSource(tools, path);
    // Who did not correct it first refuses it.
    await expect(indexSource(tools, path, info, { onGops: () => undefined })).rejects.toThrow(
      /its clock|display times/,
    );
  });
}

describe("refused", () => {
  test("pictures without a time, to which the copy gives another one than the decoder", () => {
    const info = { video: { streamIndex: 0 }, streams: VIDEO_AND_SOUND } as unknown as SourceInfo;
    const none = Number.NaN;
    type Packet = readonly [stream: number, pts: number, dts?: number];
    const clockOf = (packets: readonly Packet[], placed?: PacketClock) => {
      const clock = new PacketClock(info, placed?.untimed);
      for (const [stream, pts, dts = pts] of packets) clock.add(stream, pts, dts, 3600);
      return clock;
    };
    const source = clockOf([
      [0, 0],
      [0, none],
      [1, none],
      [0, 7200],
      [0, none],
      [0, 0],
    ]);
    const isOther = (before: PacketClock, ...copied: readonly Packet[]) =>
      isMisplaced(before, clockOf(copied, before), info);
    expect(isMisplaced(source, source, info)).toBe(false);
    // The decoder counts the samples of sound without times.
    expect(isOther(source, [0, 0], [0, none], [1, 0], [0, 7200], [0, none], [0, 7201])).toBe(false);
    expect(isOther(source, [0, 0], [0, none], [1, none], [0, 7200], [0, 7201], [0, 7202])).toBe(true);
    // Where the picture before it ends, or a picture that had a time has none.
    expect(isOther(source, [0, 0], [0, 3600], [1, none], [0, 7200], [0, 10_800], [0, 14_400])).toBe(false);
    expect(isOther(source, [0, 0], [0, none], [1, none], [0, none], [0, none], [0, 14_400])).toBe(true);
    // Of reordered pictures a decoder alone knows when they are shown.
    const reordered = clockOf([
      [0, 3600, 0],
      [0, none],
      [0, 10_800, 7200],
    ]);
    expect(isOther(reordered, [0, 3600, 0], [0, 3600], [0, 10_800, 7200])).toBe(true);
  });

  test("a part without sound: its streams do not jump alike", async () => {
    const path = await joined("odd.ts", ["one.ts", "silent.ts"]);
    await expect(correct(path)).rejects.toThrow("its streams do not jump alike");
    expect((await readdir(folder)).filter((file) => file.startsWith("."))).toEqual([]);
  });
});

test("sound of Ogg that was cut off before the picture begins is not called another recording", async () => {
  const sources = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=0.4", "-f", "lavfi", "-i", "sine=r=48000:d=0.4"];
  const early = ["-af", "asetpts=PTS-0.5/TB", "-avoid_negative_ts", "disabled", "-page_duration", "200000"];
  await ffmpeg(...sources, ...early, "-c:v", "libtheora", "-c:a", "flac", at("early.ogv"));
  await expect(correct(at("early.ogv"))).rejects.toMatchObject({
    code: "E_SOURCE_REFUSED",
    message: expect.stringContaining("guesses of the source's packets contradict those that they carry"),
  });
});
