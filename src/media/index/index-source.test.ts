// One pass over a source says of its picture what a pass over the picture alone says, and of its other tracks what a
// pass made for them says.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LAST_TIMES } from "../ffmpeg/builds/differences.ts";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { probeSource } from "../source/probe.ts";
import { FrameGrid } from "./frame-grid.ts";
import { indexSource } from "./index-source.ts";
import { readTrackPackets, TrackTally, timeBasesOf } from "./track-packets.ts";

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-index-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(name: string, codecs: readonly string[]): Promise<string> {
  const texts = join(folder, "texts.srt");
  await writeFile(texts, "1\n00:00:00,500 --> 00:00:01,000\none\n\n2\n00:00:02,000 --> 00:00:03,000\ntwo\n");
  const path = join(folder, name);
  await runFfmpeg(tools, [
    ...["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=4", "-f", "lavfi", "-i", "sine=d=4", "-i", texts],
    ...["-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-bf", "2", "-g", "12", ...codecs, path],
  ]);
  return path;
}

test.each([
  ["tracks.mkv", ["-c:a", "aac", "-c:s", "srt"]],
  ["tracks.mp4", ["-c:a", "aac", "-c:s", "mov_text"]],
] as const)(
  "%s",
  async (name, codecs) => {
    const path = await make(name, codecs);
    const info = await probeSource(tools, path);
    const tally = new TrackTally();
    const whole = await indexSource(tools, path, info, { onGops: () => undefined, tally });
    const alone = await indexSource(tools, path, info, { onGops: () => undefined });
    expect(whole.frameCount).toBe(100);
    expect(whole.framePts(null, null)).toEqual(alone.framePts(null, null));
    expect(whole.gops).toEqual(alone.gops);
    const tracks = tally.tracks(timeBasesOf(info));
    expect(tracks).toEqual(await readTrackPackets(tools, { path, info }));
    expect(tracks.get(1)?.packets).toBeGreaterThan(100);
    expect(tracks.get(2)?.eventsUs.length).toBe(2);
  },
  120_000,
);

test("a last picture without a time is off the exact rate where the decoder gives it another's", async () => {
  const path = join(folder, "last.wmv");
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=30000/1001:d=0.3"];
  await runFfmpeg(tools, [...picture, "-c:v", "mpeg4", "-bf", "1", path]);
  const info = await probeSource(tools, path);
  const brokenIn = async (release: Pick<Tools, "major" | "minor">) => {
    const grid = new FrameGrid({ num: 12, den: 359 }, info);
    await indexSource({ ...tools, ...release }, path, info, { onGops: () => undefined, grid });
    return grid.broken;
  };
  expect(await brokenIn({ major: 6, minor: 1 })).toBe("its last picture has no time of its own");
  expect(await brokenIn(LAST_TIMES.since)).toBeNull();
});
