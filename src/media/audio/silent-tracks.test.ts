import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFfmpeg } from "../ffmpeg/run-ffmpeg.fixture.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { parseTrackLine, readTrackPackets, TrackTally } from "../index/track-packets.ts";
import type { SourceInfo } from "../model/source.ts";
import { planStreams, type StreamPlan } from "../plan/stream-plan.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { probeSource } from "../source/probe.ts";
import { findSilent, neverHeard } from "./silent-tracks.ts";
import { streamBeginnings } from "./stream-beginnings.ts";

const MP4 = "mov,mp4,m4a,3gp,3g2,mj2";
const PLAN = {
  streams: [1, 2, 3].map((index) => ({ source: { index, type: "audio" }, action: { kind: "copy" } })),
} as unknown as StreamPlan;

test("a track without packets is never heard, nor one that lies before the film", () => {
  const tracks = new Map([
    [2, { packets: 21, endUs: -86_500, openEndUs: 86_500 }],
    [3, { packets: 22, endUs: 20_000 }],
  ]);
  expect([...neverHeard(PLAN, MP4, tracks).keys()]).toEqual([1, 2]);
  expect(neverHeard(PLAN, MP4, tracks).get(2)).toContain("its edit list hides all of it");
  // Times before zero hide nothing elsewhere.
  expect([...neverHeard(PLAN, "matroska,webm", tracks).keys()]).toEqual([1]);
});

test("a track of which an edit list hides every packet is never heard, wherever they lie", () => {
  const tally = new TrackTally();
  const packets = ["audio,1,0,N/A,20,KD_", "audio,1,0,N/A,20,KD_", "audio,2,0,4096,20,KD", "audio,2,4096,4096,9,KD"];
  for (const line of [...packets, "audio,3,0,1024,20,KD_", "audio,3,1024,1024,20,K__"]) tally.add(parseTrackLine(line));
  const tracks = tally.tracks(new Map([1, 2, 3].map((index) => [index, { num: 1, den: 48_000 }])));
  expect([...neverHeard(PLAN, MP4, tracks).keys()]).toEqual([1, 2]);
});

test("a track whose first packets are hidden is counted, also where they claim the time zero", async () => {
  const found = async (hidden: readonly number[]) => {
    const beginnings = async () => Object.assign(new Map([1, 2, 3].map((at) => [at, 0])), { hidden: new Set(hidden) });
    const tracks = new Map([1, 2, 3].map((at) => [at, { packets: 3, endUs: 80_000, areHidden: true as const }]));
    const file = { path: "", info: { formatName: MP4 } as SourceInfo, tracks: async () => tracks as never, beginnings };
    return [...(await findSilent({} as Tools, file, { ...PLAN, leftOut: [] })).keys()];
  };
  expect(await found([2])).toEqual([1, 2, 3]);
  expect(await found([])).toEqual([]);
});

test("an end that is not known, or that may lie behind zero, hides nothing", () => {
  const ends = [{ endUs: null }, { endUs: -10_000, openEndUs: 20_000 }, { endUs: 0, openEndUs: 1 }];
  const tracks = new Map(ends.map((end, at) => [at + 1, { packets: 5, ...end }]));
  expect([...neverHeard(PLAN, MP4, tracks).keys()]).toEqual([]);
});

test("a track of which the last packet alone is shown is told apart: what it says to last may be too much", () => {
  const tally = new TrackTally();
  const packets = ["audio,1,-2048,1024,20,KD_", "audio,1,-1024,9216,9,K__", "audio,2,0,1024,20,K__"];
  for (const line of packets) tally.add(parseTrackLine(line));
  const tracks = tally.tracks(new Map([1, 2].map((index) => [index, { num: 1, den: 48_000 }])));
  expect([1, 2].map((index) => tracks.get(index)?.isLastAloneShown)).toEqual([true, undefined]);
});

test("copied samples that end before the film, whatever their last packet says, are left out", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "silent-tracks-"));
  try {
    const path = join(folder, "before.mov");
    await runFfmpeg(tools, [
      ...["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-itsoffset", "-0.5"],
      ...["-f", "lavfi", "-i", "sine=440:r=32000:d=0.24", "-c:v", "mjpeg", "-c:a", "pcm_s16le"],
      ...["-avoid_negative_ts", "disabled", path],
    ]);
    const info = await probeSource(tools, path);
    const plan = planStreams(info, parseEncodeParams("-c:v prores_ks -c:a copy"), "mov");
    const beginnings = () => streamBeginnings(tools, path, info.formatName);
    const tracks = () => readTrackPackets(tools, { path, info });
    const silent = await findSilent(tools, { path, info, tracks, beginnings }, plan);
    expect([...silent]).toEqual([[1, "its edit list hides all of it: it lies before the film begins"]]);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);

test("where a hidden track's last packet claims to go on, decoding it says whether there is sound to encode", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "silent-tracks-"));
  try {
    const path = join(folder, "hidden.mp4");
    const sine = ["-f", "lavfi", "-i", "sine=440:r=44100:d=0.24"];
    await runFfmpeg(tools, [
      ...["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-itsoffset", "-0.5", ...sine, ...sine],
      ...["-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libmp3lame"],
      ...["-avoid_negative_ts", "disabled", path],
    ]);
    const info = await probeSource(tools, path);
    const plan = planStreams(info, parseEncodeParams("-c:v libx264 -c:a aac"), "mp4");
    const tracks = await readTrackPackets(tools, { path, info });
    const beginnings = () => streamBeginnings(tools, path, info.formatName);
    const silent = await findSilent(tools, { path, info, tracks: async () => tracks, beginnings }, plan);
    expect([...silent.keys()]).toEqual([1]);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
