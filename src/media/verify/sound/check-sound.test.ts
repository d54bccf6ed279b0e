// Drift: sound that is right at its beginning and late at its end, in files too long to be decoded whole.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countedTools } from "../../ffmpeg/counted-starts.fixture.ts";
import { runFfmpeg } from "../../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../../ffmpeg/tools.ts";
import { readTrackPackets } from "../../index/track-packets.ts";
import { emptyEncodeRequest } from "../../model/encode-request.ts";
import { planStreams } from "../../plan/stream-plan.ts";
import { probeSource } from "../../source/probe.ts";
import { checkSound, decodeOutputSound, decodeSourceSound } from "./check-sound.ts";
import { decodeSound, decodeSounds } from "./decode-sound.ts";

const SECONDS = 75;

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-check-sound-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(name: string, sound: string): Promise<string> {
  const path = join(folder, name);
  const picture = ["-f", "lavfi", "-i", `color=s=32x32:r=1:d=${SECONDS}`];
  const noise = ["-f", "lavfi", "-i", `anoisesrc=d=${SECONDS}:c=pink:r=16000:seed=3:a=0.5${sound}`];
  await runFfmpeg(tools, [...picture, ...noise, "-c:v", "ffv1", "-c:a", "flac", path]);
  return path;
}

async function compare(sourcePath: string, outputPath: string, firstDecodeOf = sourcePath) {
  const info = await probeSource(tools, sourcePath);
  const plan = planStreams(info, emptyEncodeRequest(), "mkv");
  const start = { firstFramePts: 0, timeBase: { num: 1, den: 1000 } };
  const sourceEnds = await readTrackPackets(tools, { path: sourcePath, info });
  const source = { info, plan, sourcePath, sourceEnds, firstFrameUs: 0 };
  const sourceSound = await decodeSourceSound(tools, { ...source, sourcePath: firstDecodeOf }, folder);
  const check = { ...source, outputPath, source: start, output: start };
  const outputSound = await decodeOutputSound(tools, check);
  return await checkSound(tools, { ...check, sourceSound, outputSound });
}

test("the same sound lies right at both ends; sound that is 8 ms late only at its end is found", async () => {
  const source = await make("source.mkv", "");
  const same = await compare(source, source);
  expect(same).toMatchObject({ worstMs: 0, notes: [], check: { ok: true } });
  expect(same.check.detail).toContain("end of stream 1");

  // A pause of 8 ms after the first minute, and everything else as it was.
  const late = await make("late.mkv", ",asetpts='PTS+gte(T,62)*0.008/TB'");
  const drifted = await compare(source, late);
  expect(drifted.check.ok).toBe(false);
  expect(drifted.worstMs).toBeCloseTo(8, 0);
  // As where a decoder gives other samples at each run: what the first run gave lies elsewhere.
  const early = await make("early.mkv", ",adelay=40:all=1");
  const unsure = await compare(source, source, early);
  expect(unsure.check).toMatchObject({ ok: true, detail: expect.stringContaining("otherwise each time") });
}, 180_000);

test.skipIf(process.platform === "win32")(
  "tracks of one file are decoded together, as each would be alone, also where one of them can't be",
  async () => {
    const path = join(folder, "tracks.mkv");
    const sine = (hertz: number) => ["-f", "lavfi", "-i", `sine=f=${hertz}:d=1`];
    const maps = ["-map", "0:a", "-map", "1:a", "-map", "2:a", "-c:a", "flac"];
    await runFfmpeg(tools, [...sine(300), "-itsoffset", "0.4", ...sine(500), ...sine(700), ...maps, path]);
    const counted = await countedTools(tools, folder);
    const file = { path, formats: "matroska,webm" };
    const [first, late, last] = await decodeSounds(counted, { ...file, streamIndexes: [0, 1, 2] }, folder);
    expect(await counted.starts()).toBe(1);
    expect(first).toEqual(await decodeSound(tools, { ...file, streamIndex: 0 }, folder));
    expect(late).toEqual(await decodeSound(tools, { ...file, streamIndex: 1 }, folder));
    expect(late?.runs[0]?.pts).toBe(6400);
    expect(last?.samples.length).toBe(16_000);
    expect(await decodeSounds(tools, { ...file, streamIndexes: [7, 2] }, folder)).toEqual([null, last ?? null]);
  },
  60_000,
);
