// The media layer end to end with real ffmpeg and no cluster: whatever the source, every decoded frame of the joined
// output is the source's, at the source's time, and the sound lies where it lay.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodedFrames } from "../../../test/support/decoded.ts";
import { rowsOf } from "../../../test/support/long-run.ts";
import { hardCase, testWithMedia } from "../../../test/support/media.ts";
import { runUnconfined } from "../ffmpeg/run-tool.fixture.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import { findTools, type Tools } from "../ffmpeg/tools.ts";
import { type EncodeRequest, emptyEncodeRequest } from "../model/encode-request.ts";
import type { Container } from "../model/source.ts";
import { type LocalResult, runLocally } from "./local-pipeline.ts";
import { selfTest } from "./self-test.ts";

const TIMEOUT_MS = 60_000;
const empty = emptyEncodeRequest();
const ffv1: EncodeRequest = { ...empty, video: { ...empty.video, encoder: "ffv1" } };
const x264: EncodeRequest = {
  ...empty,
  video: { ...empty.video, encoder: "libx264", preset: "ultrafast", quality: { kind: "qp", value: 0 } },
};

let tools: Tools;
/** The stream's own ticks: "demux" came with ffmpeg 6.1, and "-1" went with 9.0. */
let ownTick: string;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  ownTick = tools.major > 6 ? "demux" : "-1";
  folder = await mkdtemp(join(tmpdir(), "ffcluster-pipeline-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const decode = async (path: string, stream: string, pixelFormat: string) =>
  await decodedFrames(tools.ffmpeg, [
    ...["-copyts", "-i", fileUrl(path), "-map", `0:${stream}`],
    ...["-pix_fmt", pixelFormat, "-enc_time_base", ownTick],
  ]);

/** The video track's duration with its time base. */
async function lengthOf(path: string): Promise<string> {
  const asked = ["-select_streams", "v:0", "-show_entries", "stream=time_base,duration_ts", "-of", "csv=p=0"];
  return (
    await runUnconfined({ program: tools.ffprobe, args: ["-v", "error", ...asked, fileUrl(path)] })
  ).stdout.trim();
}

/** How many segments of at least so many seconds. */
type Split = readonly [segments: number, seconds: number];

/** Runs the pipeline and compares with the source decoded in one go; `toleranceUs`: the container's own clock. */
async function expectExact(
  path: string,
  request: EncodeRequest,
  container: Container,
  [segments, segmentSeconds]: Split,
  toleranceUs = 0.5,
): Promise<LocalResult> {
  const workDir = await mkdtemp(join(folder, "run-"));
  const result = await runLocally(tools, path, request, { workDir, container, segmentSeconds, threads: 1 });
  const source = await decode(path, String(result.info.video.streamIndex), result.info.video.pixelFormat);
  const output = await decode(result.outputPath, "v:0", result.info.video.pixelFormat);
  expect(source.length).toBeGreaterThan(0);
  expect(output.map((frame) => frame.md5)).toEqual(source.map((frame) => frame.md5));
  const shift = (output[0]?.us ?? 0) - (source[0]?.us ?? 0);
  const errors = output.map((frame, position) => Math.abs(frame.us - (source[position]?.us ?? 0) - shift));
  expect(Math.max(...errors)).toBeLessThanOrEqual(toleranceUs);
  expect(result.segments.length).toBe(segments);
  expect(result.seamProblems).toEqual([]);
  expect(result.check.checks.filter((check) => !check.ok)).toEqual([]);
  expect(Math.abs(result.check.avOffsetErrorMs ?? 0)).toBeLessThanOrEqual(1);
  return result;
}

describe("synthetic hard cases", () => {
  type Row = readonly [string, EncodeRequest, Container, Split, tolerance?: number];
  const usual: readonly Row[] = [
    ["opengop-hevc.mkv", x264, "mp4", [3, 2.4]],
    ["editlist-midgop.mp4", x264, "mp4", [3, 2.4]],
    ["negative-start.mkv", x264, "mkv", [2, 1.2], 1000],
    ["xvid-bframes.avi", x264, "mp4", [2, 2.4]],
  ];
  /** Like opengop-hevc.mkv, vfr-phone-jitter.mp4 and the clock that rolls over. */
  const more: readonly Row[] = [
    ["opengop-hevc.ts", ffv1, "mkv", [5, 1.2], 1000],
    ["vfr-24-30-60-mix.mkv", x264, "mp4", [5, 1.2]],
    ["ts-start-3600.ts", x264, "mp4", [5, 1.2]],
  ];
  for (const [name, request, container, split, tolerance] of rowsOf(usual, more)) {
    test(
      `${name} → ${container}`,
      async () => void (await expectExact(await hardCase(name), request, container, split, tolerance)),
      TIMEOUT_MS,
    );
  }

  test(
    "milliseconds of 23.976 become its exact times in MP4, with the sound where it was",
    async () => {
      const { check, outputPath } = await expectExact(
        await hardCase("hdr10-hevc-23.976.mkv"),
        x264,
        "mp4",
        [1, 1.2],
        1000,
      );
      expect(check.checks.find(({ name }) => name === "frame times")?.detail).toContain("exact times");
      const times = (await decode(outputPath, "v:0", "yuv420p")).map((frame) => frame.us);
      const steps = times.slice(1).map((us, position) => ((us - (times[position] ?? 0)) * 24_000) / 1_001_000_000);
      for (const step of steps) expect(step).toBeCloseTo(1, 6);
    },
    TIMEOUT_MS,
  );

  for (const name of rowsOf(["vfr-phone-jitter.mp4"], ["vfr-screencap.mp4"])) {
    test(
      `${name}: variable times kept to the tick, and how long the last frame is shown`,
      async () => {
        const source = await hardCase(name);
        const { outputPath } = await expectExact(source, x264, "mp4", [4, 1.2]);
        const lengths = await Promise.all([source, outputPath].map(lengthOf));
        expect(lengths[1]).toEqual(lengths[0] ?? "");
      },
      TIMEOUT_MS,
    );
  }

  test(
    "periodic intra refresh needs the ladder and gets there",
    async () => {
      const result = await expectExact(await hardCase("gdr-intra-refresh.mp4"), ffv1, "mov", [5, 1.2]);
      expect(result.notes.length).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  test(
    "field pictures are counted by decoding",
    async () => {
      const result = await expectExact(await hardCase("paff-h264.ts"), ffv1, "mov", [2, 1.2]);
      expect(result.notes).toContain("believed by reference decoding");
    },
    TIMEOUT_MS,
  );
});

describe("real clips", () => {
  testWithMedia(
    "rollover-tos-360p24-20s.ts",
    "a clock that rolls over",
    async (path) => void (await expectExact(path, x264, "mp4", [5, 2.4])),
    TIMEOUT_MS,
  );
  testWithMedia(
    "nasa-2video-2audio-2subs.mp4",
    "all audio and subtitles are kept",
    async (path) => {
      const { check, plan } = await expectExact(path, x264, "mkv", [2, 1.2], 1000);
      expect(check.streamsOut.map((stream) => stream.type)).toEqual([
        "video",
        "audio",
        "audio",
        "subtitle",
        "subtitle",
      ]);
      expect(plan.leftOut.map((one) => one.source.type)).toEqual(["video"]);
    },
    TIMEOUT_MS,
  );
});

test(
  "the self-test holds on this machine",
  async () => {
    const result = await selfTest(tools, folder);
    expect(result.checks.filter((check) => !check.ok)).toEqual([]);
    expect(result.ok).toBe(true);
  },
  TIMEOUT_MS,
);
