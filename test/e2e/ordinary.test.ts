// Ordinary jobs: lossy codecs and the common containers keep every frame, its time, all audio and its place.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Proof } from "../../src/media/types.ts";
import { Cluster } from "../support/cluster.ts";
import { audioOffsetErrorMs, framesOf, largestTimingError } from "../support/frames.ts";
import { hardCase, mediaPath } from "../support/media.ts";

interface Case {
  readonly clip: string;
  readonly params: string;
  readonly extension: string;
  readonly audioCodecs: readonly string[];
}

const CASES: readonly Case[] = [
  {
    clip: "cars-432p12.5-30s.mp4",
    params: "-c:v libx264 -preset ultrafast -crf 23",
    extension: "mp4",
    audioCodecs: [],
  },
  {
    clip: "flower-540p29.97-5s.mp4",
    params: "-c:v libx264 -preset ultrafast -crf 23",
    extension: "mp4",
    audioCodecs: ["aac"],
  },
  {
    clip: "flower-540p29.97-5s.mp4",
    params: "-c:v libx264 -preset ultrafast -crf 23 -c:a aac -b:a 96k",
    extension: "mp4",
    audioCodecs: ["aac"],
  },
  {
    clip: "flower-540p29.97-5s.mp4",
    params: "-c:v libx265 -preset ultrafast -crf 28 -vf scale=320:-2",
    extension: "mkv",
    audioCodecs: ["aac"],
  },
  {
    clip: "flower-540p29.97-5s.mp4",
    params: "-c:v libsvtav1 -preset 12 -crf 45 -vf scale=320:-2",
    extension: "mp4",
    audioCodecs: ["aac"],
  },
  {
    clip: "flower-540p29.97-5s.mp4",
    params: "-c:v libvpx-vp9 -crf 45 -b:v 0 -deadline realtime -cpu-used 8 -vf scale=320:-2",
    extension: "webm",
    audioCodecs: ["opus"],
  },
  {
    clip: "rollover-tos-360p24-20s.ts",
    params: "-c:v libx264 -preset ultrafast -crf 23",
    extension: "mp4",
    audioCodecs: ["aac"],
  },
  {
    clip: "editlist-video-starts-1s.mp4",
    params: "-c:v libx264 -preset ultrafast -crf 30 -vf scale=320:-2",
    extension: "mkv",
    audioCodecs: ["aac"],
  },
  {
    clip: "nodur-vp9-opus.webm",
    params: "-c:v libx264 -preset ultrafast -crf 30 -vf scale=320:-2",
    extension: "mkv",
    audioCodecs: ["opus"],
  },
];

interface ProbedStream {
  readonly codec_type: string;
  readonly codec_name: string;
}

async function streamsOf(path: string): Promise<ProbedStream[]> {
  const child = Bun.spawn(["ffprobe", "-v", "error", "-show_streams", "-of", "json", path], { stdout: "pipe" });
  return ((await new Response(child.stdout).json()) as { streams: ProbedStream[] }).streams;
}

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "2", "--max-segment-duration", "3"] });
  await cluster.join("one");
  await cluster.join("two", ["--source-access", "gateway"]);
}, 60_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function complete(source: string, output: string, params: string): Promise<Proof> {
  const ended = await cluster.command(["submit", source, "-o", output, "--ffmpeg-params", params, "--json"]);
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event?: string; proof?: Proof };
  expect({ exitCode: ended.exitCode, event: last.event, stderr: ended.stderr.slice(-500) }).toMatchObject({
    exitCode: 0,
    event: "completed",
  });
  if (last.proof === undefined) throw new Error("no proof");
  return last.proof;
}

for (const [index, { clip, params, extension, audioCodecs }] of CASES.entries()) {
  const source = mediaPath(clip);
  test.skipIf(source === null)(
    `${clip} · ${params} → ${extension}`,
    async () => {
      const input = source ?? "";
      const output = cluster.path(`ordinary-${index}.${extension}`);
      const proof = await complete(input, output, params);
      expect(proof.exact).toBe(true);

      const [want, got] = await Promise.all([framesOf(input), framesOf(output)]);
      expect(got.md5.length).toBe(want.md5.length);
      const bound = extension === "mp4" ? Math.min(want.tick, got.tick) / 2 : 0.001_001;
      expect(largestTimingError(want, got)).toBeLessThanOrEqual(bound);

      const audio = (await streamsOf(output)).filter((stream) => stream.codec_type === "audio");
      expect(audio.map((stream) => stream.codec_name)).toEqual([...audioCodecs]);
      if (audio.length > 0) expect(Math.abs(await audioOffsetErrorMs(input, output))).toBeLessThanOrEqual(1);
    },
    120_000,
  );
}

test("two audio tracks, two subtitles, chapters and attachments all arrive", async () => {
  const source = await hardCase("multi-everything.mkv");
  const output = cluster.path("everything.mkv");
  const proof = await complete(source, output, "-c:v libx264 -preset ultrafast -crf 30");
  const types = (streams: readonly ProbedStream[]) =>
    streams.map((stream) => `${stream.codec_type}:${stream.codec_name}`).sort();
  expect(types(await streamsOf(output))).toEqual(types(await streamsOf(source)));
  expect(proof.streams.left_out).toEqual([]);
}, 120_000);

test("more than 500 segments at 1/90000 land on their ticks", async () => {
  const source = cluster.path("many.mp4");
  const made = Bun.spawn([
    "ffmpeg",
    "-nostdin",
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    "testsrc2=s=160x90:r=30,trim=end_frame=1040",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-g",
    "2",
    "-video_track_timescale",
    "90000",
    source,
  ]);
  expect(await made.exited).toBe(0);
  await using many = await Cluster.make();
  await many.serve({ args: ["--benchmark-duration", "0.06", "--max-segment-duration", "0.06"] });
  await many.join("one");
  const output = many.path("many.out.mp4");
  const ended = await many.command([
    "submit",
    source,
    "-o",
    output,
    "--ffmpeg-params",
    "-c:v libx264 -preset ultrafast -qp 0",
    "--json",
  ]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr.slice(-500) }).toMatchObject({ exitCode: 0 });
  const proof = (JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { proof: Proof }).proof;
  expect(proof.segments.length).toBeGreaterThanOrEqual(500);
  const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
  expect(got.tick).toBeCloseTo(1 / 90_000, 12);
  expect(got.md5).toEqual([...want.md5]);
  expect(largestTimingError(want, got)).toBeLessThan(1e-9);
}, 180_000);
