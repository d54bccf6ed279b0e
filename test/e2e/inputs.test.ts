// What people drop on it: each file is taken as plain ffmpeg takes it, or refused before any work with its true reason
// and what to do. One cluster for all.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { Cluster } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { outputOf } from "../support/programs.ts";

const TIMEOUT_MS = 240_000;
const LOSSLESS = "-c:v libx264 -preset ultrafast -qp 0";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1"] });
  await Promise.all([cluster.join("one"), cluster.join("two")]);
}, 180_000);
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const PICTURES = "testsrc2=s=160x90:r=10,trim=end_frame=20";

/** A file in the cluster's folder, made by ffmpeg of moving pictures unless `args` bring their own. */
async function made(name: string, args: readonly string[]): Promise<string> {
  const path = cluster.path(name);
  const own = args.includes("-i") ? [] : ["-f", "lavfi", "-i", PICTURES];
  await outputOf("ffmpeg", ["-nostdin", "-v", "error", "-y", ...own, ...args, path], cluster.folder);
  return path;
}

async function submit(input: string, params: string) {
  const output = `${input}.mkv`;
  const ended = await cluster.command(["submit", input, "-o", output, "--force", "--json", "--ffmpeg-params", params]);
  const last: unknown = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}");
  return { output, last, exitCode: ended.exitCode };
}

/** Same pictures as one run of ffmpeg over the source. Answers the last line of `submit`. */
async function expectTaken(input: string, frames: number, plainMap: readonly string[] = []): Promise<unknown> {
  const { output, last, exitCode } = await submit(input, LOSSLESS);
  expect({ last, exitCode }).toMatchObject({ exitCode: 0, last: { event: "completed", proof: { exact: true } } });
  const plain = cluster.path("plain.mkv");
  const args = ["-y", "-i", input, ...plainMap, "-fps_mode", "passthrough", ...LOSSLESS.split(" "), plain];
  await outputOf("ffmpeg", ["-nostdin", "-v", "error", ...args]);
  const [ours, theirs] = [await framesOf(output), await framesOf(plain)];
  expect(ours.md5.length).toBe(frames);
  expect(ours.md5).toEqual([...theirs.md5]);
  return last;
}

async function expectRefused(input: string, params: string, code: string, words: RegExp, hint: RegExp): Promise<void> {
  const jobs = (await cluster.api<unknown[]>("/jobs")).length;
  const { last, exitCode } = await submit(input, params);
  expect(last).toMatchObject({
    error: { code, message: expect.stringMatching(words), hint: expect.stringMatching(hint) },
  });
  expect(exitCode).toBe(code === "E_ENCODE_REQUEST" ? 2 : 1);
  expect((await cluster.api<unknown[]>("/jobs")).length).toBe(jobs);
}

test(
  "raw JPEGs and APNG are taken",
  async () => {
    await expectTaken(await made("in.mjpeg", ["-c:v", "mjpeg", "-f", "mjpeg"]), 20);
    await expectTaken(await made("in.apng", ["-f", "apng"]), 20);
  },
  TIMEOUT_MS,
);

test(
  "a picture, a playlist, a script, subtitles, raw pictures and a folder are called so",
  async () => {
    const picture = await made("in.png", ["-frames:v", "1"]);
    await expectRefused(picture, LOSSLESS, "E_SOURCE_REFUSED", /is a single picture/, /%04d/);
    const jpeg = await made("one.jpeg", ["-frames:v", "1", "-c:v", "mjpeg", "-f", "mjpeg"]);
    await expectRefused(jpeg, LOSSLESS, "E_SOURCE_REFUSED", /is a single picture/, /Give a video/);
    const playlist = cluster.path("in.m3u8");
    await writeFile(playlist, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n");
    await expectRefused(playlist, LOSSLESS, "E_SOURCE_REFUSED", /is a playlist/, /-c copy/);
    const script = cluster.path("in.ffconcat");
    await writeFile(script, "ffconcat version 1.0\nfile in0.ts\n");
    await expectRefused(script, LOSSLESS, "E_SOURCE_REFUSED", /is a script/, /-c copy/);
    const subtitles = cluster.path("in.srt");
    await writeFile(subtitles, "1\n00:00:01,000 --> 00:00:02,000\nx\n");
    await expectRefused(subtitles, LOSSLESS, "E_SOURCE_REFUSED", /holds only subtitles/, /--subtitles/);
    const raw = await made("in.yuv", ["-pix_fmt", "yuv420p", "-f", "rawvideo"]);
    await expectRefused(raw, LOSSLESS, "E_SOURCE_REFUSED", /raw pictures without a size/, /-video_size/);
    const folder = cluster.path("VIDEO_TS");
    await mkdir(folder);
    await expectRefused(folder, LOSSLESS, "E_SOURCE_REFUSED", /is a folder/, /\.vob/);
  },
  TIMEOUT_MS,
);

test(
  "what an encoder refuses is said before any work, with the filter that helps",
  async () => {
    const odd = await made("odd.mkv", [
      "-f",
      "lavfi",
      "-i",
      "testsrc2=s=101x75:r=25:d=1,format=yuv444p",
      "-c:v",
      "ffv1",
    ]);
    await expectRefused(
      odd,
      `${LOSSLESS} -pix_fmt yuv420p`,
      "E_ENCODE_REQUEST",
      /not divisible by 2 \(101x75\)/,
      /scale=trunc/,
    );
    await expectRefused(odd, "-c:v h264", "E_ENCODE_REQUEST", /not divisible by 2 \(101x75\)/, /scale=trunc/);
    await expectTaken(odd, 25);
    const probed = await cluster.run(["probe", odd, "--json", "--ffmpeg-params", `${LOSSLESS} -pix_fmt yuv420p`]);
    expect(probed.exitCode).toBe(2);
  },
  TIMEOUT_MS,
);

test(
  "an encrypted film is called so",
  async () => {
    const path = await made("cenc.mp4", [
      ...["-c:v", "libx264", "-preset", "ultrafast", "-encryption_scheme", "cenc-aes-ctr"],
      ...["-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"],
    ]);
    await expectRefused(path, LOSSLESS, "E_SOURCE_REFUSED", /encrypted/, /no keys/);
  },
  TIMEOUT_MS,
);

test(
  "of two programmes the first that has pictures is taken, and said; -map picks",
  async () => {
    const two = await made("two.ts", [
      ...[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=160x90:r=25:d=2",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=320x180:r=25:d=2,hue=h=90",
      ],
      ...["-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25"],
      ...["-program", "title=One:st=0", "-program", "title=Two:st=1"],
    ]);
    expect(await expectTaken(two, 50, ["-map", "0:v:0"])).toMatchObject({
      proof: {
        streams: { left_out: [{ index: 1, reason: expect.stringMatching(/stream 0 \(160x90\); -map 0:v:1/) }] },
      },
    });
    const bytes = await readFile(two);
    const packets = Array.from({ length: bytes.length / 188 }, (_, at) => bytes.subarray(at * 188, (at + 1) * 188));
    const gone = cluster.path("gone.ts");
    await writeFile(gone, Buffer.concat(packets.filter((packet) => (packet.readUInt16BE(1) & 0x1fff) !== 0x100)));
    await expectTaken(gone, 50);
    const mapped = await cluster.run(["probe", gone, "--json", "--ffmpeg-params", `${LOSSLESS} -map 0:v:1`]);
    expect(JSON.parse(mapped.stdout)).toMatchObject({ video: { stream_index: 1, width: 320, frames: 50 } });
    await expectRefused(
      gone,
      `${LOSSLESS} -map 0:v:0`,
      "E_SOURCE_REFUSED",
      /no picture size/,
      /-map 0:v:1 picks the one of 320x180/,
    );
  },
  TIMEOUT_MS,
);

test(
  "key frames of a cluster's output stand where the request fixes them",
  async () => {
    const source = await made("keys.mp4", [
      ...["-f", "lavfi", "-i", "testsrc2=s=160x90:r=24,trim=end_frame=192", "-c:v", "libx264", "-preset", "ultrafast"],
      ...["-x264-params", "scenecut=0:keyint=999", "-force_key_frames", "0,1.25,3.7,5.1"],
    ]);
    const { output, last } = await submit(source, "-c:v libx264 -preset veryfast -g 48 -keyint_min 48 -sc_threshold 0");
    expect(last).toMatchObject({
      proof: {
        exact: true,
        checks: expect.arrayContaining([{ name: "key frames", ok: true, detail: "one every 48 frames" }]),
      },
    });
    const { proof } = last as { readonly proof: { readonly segments: readonly unknown[] } };
    expect(proof.segments.length).toBeGreaterThan(2);
    const asked = ["-select_streams", "v", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"];
    const keys = (await outputOf("ffprobe", ["-v", "error", ...asked, output]))
      .split("\n")
      .filter((line) => /,K/.test(line));
    expect(keys.map((line) => Number.parseFloat(line))).toEqual([0, 2, 4, 6]);
  },
  TIMEOUT_MS,
);
