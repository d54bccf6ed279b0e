import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { indexSource } from "../index/index-source.ts";
import { probeSource } from "../source/probe.ts";
import { correctArgs, correctClock } from "./correct-clock.ts";

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
  await ffmpeg("-i", at("one.ts"), "-an", "-c", "copy", at("silent.ts"));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

function at(name: string): string {
  return join(folder, name);
}

async function joined(name: string, parts: readonly string[]): Promise<string> {
  await writeFile(at(name), Buffer.concat(await Promise.all(parts.map((part) => readFile(at(part))))));
  return at(name);
}

async function correct(path: string) {
  const info = await probeSource(tools, path);
  return await correctClock(tools, { path, info }, { path: at("corrected.ts"), folder });
}

/** Seconds from the first picture to the last. */
async function secondsOf(path: string): Promise<number> {
  const info = await probeSource(tools, path);
  const index = await indexSource(tools, path, info, { onGops: () => undefined });
  return ((index.lastPts ?? 0) - (index.firstPts ?? 0)) / 90_000;
}

test("the whole argument list", async () => {
  const info = await probeSource(tools, at("one.ts"));
  const argsFor = (decoded: number | null) =>
    correctArgs(info, { indexes: [0, 1], decoded }, "file:/s/in.ts", "file:/s/out.ts").slice(4);
  const copies = [
    ...["-protocol_whitelist", "file", "-format_whitelist", "mpegts", "-f", "mpegts", "-i", "file:/s/in.ts"],
    ...["-map", "0:0", "-map", "0:1", "-c", "copy", "-copyinkf", "-pes_payload_size", "0"],
    ...["-f", "mpegts", "-y", "file:/s/out.ts"],
  ];
  expect(argsFor(null)).toEqual(copies);
  // Versions that count by the decoder where a packet ends.
  expect(argsFor(0).slice(2)).toEqual([...copies, "-map", "0:0", "-vf", "select=0", "-f", "null", "-"]);
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
  test("a part without sound: its streams do not jump alike", async () => {
    const path = await joined("odd.ts", ["one.ts", "silent.ts"]);
    await expect(correct(path)).rejects.toThrow("its streams do not jump alike");
    expect((await readdir(folder)).filter((file) => file.startsWith("."))).toEqual([]);
  });
});
