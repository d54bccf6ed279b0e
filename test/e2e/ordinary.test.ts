// Ordinary jobs: lossy codecs and the common containers keep every frame, its time, all audio and its place.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "../support/cluster.ts";
import { audioOffsetErrorMs, framesOf, framesOfSources, largestTimingError } from "../support/frames.ts";
import { rowsOf } from "../support/long-run.ts";
import { hardCase, mediaPath } from "../support/media.ts";
import { outputOf } from "../support/programs.ts";
import { makeSynthetic } from "../support/synthetic.ts";

/** The shipped clips are mostly silent: noise is put beside their pictures, so that its place can be measured. */
interface Sound {
  readonly clip: string;
  /** File name of the source that is made. */
  readonly name: string;
  /** Encoder of the noise, and how much later than time zero it begins. */
  readonly codec: string;
  readonly delaySeconds: number;
}

const ORDINARY = "flower-540p29.97-5s.mp4";

const SOUNDS: readonly Sound[] = [
  { clip: ORDINARY, name: "noise.mp4", codec: "aac", delaySeconds: 0 },
  { clip: ORDINARY, name: "late-noise.mp4", codec: "aac", delaySeconds: 0.37 },
  { clip: "editlist-video-starts-1s.mp4", name: "early-noise.mp4", codec: "aac", delaySeconds: 0 },
  { clip: "nodur-vp9-opus.webm", name: "noise.webm", codec: "libopus", delaySeconds: 0 },
  { clip: ORDINARY, name: "noise.ts", codec: "mp2", delaySeconds: 0.05 },
];

interface Case {
  /** A source of SOUNDS, or a clip with sound of its own. */
  readonly source: string;
  /** Only so many seconds of the clip, copied as they are. */
  readonly seconds?: number;
  readonly params: string;
  readonly extension: string;
  readonly audioCodecs: readonly string[];
  /** `--verify` of the submit. */
  readonly verify?: "full";
  /** Frames a second, where the source's container rounds the times of a constant rate: the output has the exact ones. */
  readonly exactRate?: number;
}

const X264 = "-c:v libx264 -preset ultrafast -crf 23";
const SMALL = "-vf scale=320:-2";

const USUAL: readonly Case[] = [
  {
    source: "noise.mp4",
    params: "-c:v libx264 -preset fast -crf 30 -c:a aac -b:a 96k",
    extension: "mp4",
    audioCodecs: ["aac"],
    verify: "full",
  },
  { source: "late-noise.mp4", params: `${X264} -c:a libopus -b:a 96k`, extension: "mp4", audioCodecs: ["opus"] },
];

/**
 * Other encoders and containers: the differential seeds and colour.test.ts have each, pipeline.test.ts and source-times.test.ts
 * the clocks of transport streams, timing.test.ts the rate.
 */
const MORE: readonly Case[] = [
  { source: "early-noise.mp4", params: `${X264} ${SMALL}`, extension: "mkv", audioCodecs: ["aac"] },
  { source: "noise.mp4", params: `-c:v libsvtav1 -preset 12 -crf 45 ${SMALL}`, extension: "mp4", audioCodecs: ["aac"] },
  { source: "noise.ts", params: `${X264} ${SMALL}`, extension: "mkv", audioCodecs: ["mp2"] },
  {
    source: "late-noise.mp4",
    params: `-c:v libx265 -preset ultrafast -crf 28 ${SMALL}`,
    extension: "mkv",
    audioCodecs: ["aac"],
  },
  {
    source: "late-noise.mp4",
    params: `-c:v libvpx-vp9 -crf 45 -b:v 0 -deadline realtime -cpu-used 8 ${SMALL}`,
    extension: "webm",
    audioCodecs: ["opus"],
  },
  { source: "rollover-tos-360p24-20s.ts", params: `${X264} -c:a aac`, extension: "mkv", audioCodecs: ["aac"] },
  { source: "early-noise.mp4", params: `${X264} ${SMALL} -c:a flac`, extension: "mp4", audioCodecs: ["flac"] },
  { source: "noise.webm", params: `${X264} ${SMALL}`, extension: "mkv", audioCodecs: ["opus"] },
  {
    source: "bbb-intro-720p24-30s.webm",
    seconds: 8,
    params: `${X264} ${SMALL}`,
    extension: "mp4",
    audioCodecs: ["aac"],
    exactRate: 24,
  },
];

const sourceFrames = framesOfSources();

/** Pictures of a quarter of their size are as good here, and quick. */
const SMALLER = ["-vf", "scale=iw/2:-2", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "30"];

async function makeSound({ clip, name, codec, delaySeconds }: Sound, path: string): Promise<void> {
  const input = mediaPath(clip);
  if (input === null) throw new Error(`${clip} is not here for ${name}`);
  // Three seconds, as long as the noise. What a copy keeps of the clip is what its row is about, but for the ordinary one.
  await outputOf("ffmpeg", [
    ...["-nostdin", "-v", "error", "-i", input, "-itsoffset", String(delaySeconds)],
    ...["-f", "lavfi", "-i", "anoisesrc=d=3:c=pink:r=48000:seed=7:a=0.5", "-map", "0:V:0", "-map", "1:a", "-t", "3"],
    ...(clip === ORDINARY ? SMALLER : ["-c:v", "copy"]),
    ...["-c:a", codec, "-b:a", "128k", path],
  ]);
}

/** The source of a row, made where it is not a clip as it is. */
async function sourceOf({ source, seconds }: Case): Promise<string> {
  const sound = SOUNDS.find(({ name }) => name === source);
  const path = cluster.path(source);
  if (sound !== undefined && !(await Bun.file(path).exists())) await makeSound(sound, path);
  if (sound !== undefined) return path;
  const clip = mediaPath(source) ?? "";
  if (seconds === undefined) return clip;
  const part = ["-i", clip, "-map", "0", "-c", "copy", "-t", String(seconds), path];
  await outputOf("ffmpeg", ["-nostdin", "-v", "error", "-y", ...part]);
  return path;
}

interface ProbedStream {
  readonly codec_type: string;
  readonly codec_name: string;
}

async function streamsOf(path: string): Promise<ProbedStream[]> {
  const answer = await outputOf("ffprobe", ["-v", "error", "-show_streams", "-of", "json", path]);
  return (JSON.parse(answer) as { streams: ProbedStream[] }).streams;
}

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1.5", "--max-segment-duration", "1.5"] });
  await cluster.join("one");
  await cluster.join("two", ["--source-access", "gateway"]);
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function complete(source: string, output: string, params: string, options: readonly string[]): Promise<Proof> {
  const asked = ["submit", source, "-o", output, "--ffmpeg-params", params, "--json", ...options];
  const ended = await cluster.command(asked);
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event?: string; proof?: Proof };
  expect({ exitCode: ended.exitCode, event: last.event, stderr: ended.stderr.slice(-500) }).toMatchObject({
    exitCode: 0,
    event: "completed",
  });
  if (last.proof === undefined) throw new Error("no proof");
  return last.proof;
}

for (const [index, row] of rowsOf(USUAL, MORE).entries()) {
  const { source, params, extension, audioCodecs, verify, exactRate } = row;
  const clip = SOUNDS.find(({ name }) => name === source)?.clip ?? source;
  test.skipIf(mediaPath(clip) === null)(
    `${source} · ${params} → ${extension}`,
    async () => {
      const input = await sourceOf(row);
      const output = cluster.path(`ordinary-${index}.${extension}`);
      const proof = await complete(input, output, params, verify === undefined ? [] : ["--verify", verify]);
      expect(proof.exact).toBe(true);
      const decoded = proof.checks.find((check) => check.name === "decoded frames");
      expect(decoded?.ok).toBe(verify === "full" ? true : undefined);
      const toTheEnd = proof.checks.find((check) => check.name === "decoded audio stream 1");
      expect(toTheEnd?.ok).toBe(verify === "full" ? true : undefined);

      const [want, got] = await Promise.all([sourceFrames(input), framesOf(output)]);
      expect(got.md5.length).toBe(want.md5.length);
      if (exactRate !== undefined) {
        const late = got.pts.map((at, frame) => Math.abs(at - (got.pts[0] ?? 0) - frame / exactRate));
        expect(Math.max(...late)).toBeLessThan(1e-9);
      }
      // Where the times are the exact ones, the source's are theirs rounded to its tick.
      const tick = exactRate === undefined ? Math.min(want.tick, got.tick) : want.tick;
      const bound = extension === "mp4" ? tick / 2 : 0.001_001;
      expect(largestTimingError(want, got)).toBeLessThanOrEqual(bound);

      const audio = (await streamsOf(output)).filter((stream) => stream.codec_type === "audio");
      expect(audio.map((stream) => stream.codec_name)).toEqual([...audioCodecs]);
      expect(Math.abs(await audioOffsetErrorMs(input, output, [want, got]))).toBeLessThanOrEqual(1);
    },
    120_000,
  );
}

test("two audio tracks, two subtitles, chapters, attachments and cover art arrive complete", async () => {
  const source = await hardCase("multi-everything.mkv");
  const output = cluster.path("everything.mkv");
  const proof = await complete(source, output, "-c:v libx264 -preset ultrafast -crf 30", []);
  const types = (streams: readonly ProbedStream[]) =>
    streams.map((stream) => `${stream.codec_type}:${stream.codec_name}`);
  expect(types(await streamsOf(output))).toEqual(types(await streamsOf(source)));
  expect(proof.streams.left_out).toEqual([]);
}, 180_000);

/** Every so many packets of the stream that carries the sound are lost (ISO/IEC 13818-1: 188 bytes, the PID in 13 bits). */
async function loseSound(clean: string, damaged: string): Promise<void> {
  const bytes = await Bun.file(clean).bytes();
  const packets = Array.from({ length: Math.floor(bytes.length / 188) }, (_, n) =>
    bytes.subarray(n * 188, n * 188 + 188),
  );
  const pidOf = (packet: Uint8Array) => (((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0);
  let sounds = 0;
  const kept = packets.filter((packet) => pidOf(packet) !== 0x101 || ++sounds % 20 !== 0);
  expect(kept.length).toBeLessThan(packets.length);
  await Bun.write(damaged, kept);
}

describe("sound that is too damaged to be copied", () => {
  let source: string;
  beforeAll(async () => {
    const clean = cluster.path("clean.ts");
    await makeSynthetic(clean, { frames: 60, gop: 12, withSound: true });
    source = cluster.path("lossy.ts");
    await loseSound(clean, source);
  });

  test("is encoded, which the proof tells", async () => {
    const output = cluster.path("lossy.mkv");
    const proof = await complete(source, output, "-c:v libx264 -qp 0 -preset ultrafast", []);
    expect(proof.exact).toBe(true);
    expect(proof.notes).toContainEqual(
      expect.stringMatching(/^audio stream 1 \(aac\) is encoded, since it can't be copied/),
    );
    expect((await streamsOf(output)).map(({ codec_name }) => codec_name)).toEqual(["h264", "aac"]);
    const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
    expect(got.md5).toEqual([...want.md5]);
  }, 60_000);

  test("fails the job early where a copy is asked for", async () => {
    const params = "-c:v libx264 -preset ultrafast -c:a copy";
    const asked = ["submit", source, "-o", cluster.path("lossy.mp4"), "--ffmpeg-params", params, "--json"];
    const ended = await cluster.command(asked);
    expect(ended.exitCode).toBe(3);
    const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as {
      error?: { code: string; message: string };
    };
    expect(last.error?.code).toBe("E_STITCH");
    expect(last.error?.message).toMatch(/^audio stream 1 \(aac\) can't be copied into mp4: /);
  }, 60_000);
});
