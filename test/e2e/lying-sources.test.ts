// Sources whose containers say what is not so, over two clients: each output has the pictures that one decode in sequence
// shows, at its times.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Proof } from "../../src/media/model/proof.ts";
import type { Cluster } from "../support/cluster.ts";
import { forgetBoxes, rewriteSyncSamples } from "../support/edit-boxes.ts";
import { framesOf } from "../support/frames.ts";
import { rowsOf } from "../support/long-run.ts";
import { outputOf } from "../support/programs.ts";
import { clusterOfTwo, provenJob } from "../support/proven-job.ts";

const LOSSLESS = "-c:v libx264 -preset ultrafast -qp 0";
const TIMEOUT_MS = 60_000;
let cluster: Cluster;

beforeAll(async () => {
  cluster = await clusterOfTwo();
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const at = (name: string) => cluster.path(name);

/** Four seconds of film in groups of 40. */
async function film(name: string, encoder: readonly string[]): Promise<string> {
  const video = ["-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=4,noise=alls=10:allf=t:all_seed=5"];
  await outputOf("ffmpeg", ["-nostdin", "-v", "error", "-y", ...video, "-g", "40", ...encoder, at(name)]);
  return at(name);
}

const HEVC = [
  ...["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
  ...["-x265-params", "log-level=error:keyint=40:min-keyint=40:scenecut=0:pools=1:frame-threads=1"],
];
const H264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-sc_threshold", "0"];

async function encoded(source: string, ending: string): Promise<{ path: string; proof: Proof }> {
  const path = `${source}.out.${ending}`;
  const { proof } = await provenJob(cluster, source, path, LOSSLESS);
  return { path, proof };
}

/** Pictures and times, but for one shift, are those of the source decoded in one go. */
async function expectAsInOneGo(source: string, output: string, frames: number): Promise<void> {
  const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
  expect(got.md5.length).toBe(frames);
  expect(got.md5).toEqual([...want.md5]);
  const shift = (got.pts[0] ?? 0) - (want.pts[0] ?? 0);
  const strays = got.pts.map((pts, frame) => Math.abs(pts - (want.pts[frame] ?? 0) - shift));
  // A tick of Matroska.
  expect(Math.max(...strays)).toBeLessThan(0.00101);
}

// MPEG-4 as src/media/index/lying-sources.test.ts has it.
test.each(
  rowsOf<readonly [name: string, encoder: readonly string[]]>(
    [["hevc", HEVC]],
    [["mpeg4", ["-c:v", "mpeg4", "-threads", "1", "-q:v", "4"]]],
  ),
)(
  "%s whose samples are all said to be sync samples",
  async (name, encoder) => {
    const source = at(`all-${name}.mp4`);
    await forgetBoxes(await film(`${name}.mp4`, encoder), ["stss"], source);
    const { path, proof } = await encoded(source, "mkv");
    await expectAsInOneGo(source, path, 100);
    expect(proof.segments.length).toBeGreaterThan(1);
    // Nothing was tried twice: what is no intra picture was not taken for a key frame.
    expect(proof.segments.flatMap(({ notes }) => notes)).toEqual([]);
  },
  TIMEOUT_MS,
);

/** Writes other numbers into PixelWidth and PixelHeight of a Matroska file of 160x96 (RFC 9559: IDs B0 and BA). */
async function claimSize(source: string, target: string): Promise<void> {
  const bytes = Buffer.from(await Bun.file(source).bytes());
  for (const [id, size, claimed] of [
    [0xb0, 160, 80],
    [0xba, 96, 48],
  ] as const) {
    const place = bytes.indexOf(Buffer.from([id, 0x81, size]));
    expect(place).toBeGreaterThan(0);
    bytes[place + 2] = claimed;
  }
  await Bun.write(target, bytes);
}

test(
  "VP8 whose header says another size than its pictures have",
  async () => {
    const source = at("size.mkv");
    await claimSize(await film("vp8.mkv", ["-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime"]), source);
    const { path } = await encoded(source, "mkv");
    await expectAsInOneGo(source, path, 100);
  },
  TIMEOUT_MS,
);

test(
  "sync samples that are others, the first picture not among them",
  async () => {
    const source = at("others.mp4");
    await rewriteSyncSamples(await film("told.mp4", HEVC), [7, 41, 60], source);
    const { path } = await encoded(source, "mkv");
    await expectAsInOneGo(source, path, 100);
  },
  TIMEOUT_MS,
);

test.each(rowsOf(["mp4"], ["mkv"]))(
  "times in decoding order give what one run of ffmpeg gives, in %s, and it is known before",
  async (ending) => {
    const source = at(`decoding-order-${ending}.mp4`);
    await forgetBoxes(await film("offsets.mp4", H264), ["ctts", "edts"], source);
    const plain = `${source}.plain.${ending}`;
    const params = ["-fps_mode", "passthrough", ...LOSSLESS.split(" ")];
    await outputOf("ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", source, ...params, plain]);
    const { path, proof } = await encoded(source, ending);
    await expectAsInOneGo(plain, path, 100);
    expect(proof.segments.map(({ attempts }) => attempts)).toEqual([1]);
    expect(proof.notes.join("\n")).toContain("in decoding order");
  },
  TIMEOUT_MS,
);
