// `ffcluster probe` as a process, on real clips: what it prints for people and for scripts, and what it refuses.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mediaPath, testWithMedia } from "../../test/support/media.ts";
import { mustRun } from "../../test/support/versus-plain/tools.ts";
import type { Preview } from "./wiring/run-probe.ts";

setDefaultTimeout(180_000);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-probe-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function probe(...args: readonly string[]) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../cli.ts"), "probe", ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", XDG_CONFIG_HOME: folder },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, exitCode };
}

async function seenIn(...args: readonly string[]): Promise<Preview> {
  const { stdout, stderr, exitCode } = await probe(...args, "--json");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return JSON.parse(stdout) as Preview;
}

describe("what it sees", () => {
  testWithMedia("cars-432p12.5-30s.mp4", "an ordinary clip", async (path) => {
    const seen = await seenIn(path);
    expect(seen.container).toContain("mp4");
    expect(seen.video).toMatchObject({
      codec: "h264",
      width: 768,
      height: 432,
      pixel_format: "yuv420p",
      frame_rate: { kind: "constant", rate: "25/2", fps: 12.5 },
      frames: 377,
    });
    const { key_frames: spacing } = seen.video;
    expect(spacing?.count).toBeGreaterThan(1);
    expect((spacing?.mean_frames ?? 0) * (spacing?.count ?? 0)).toBeCloseTo(377, 2);
    expect(spacing?.longest_frames).toBeGreaterThanOrEqual(Math.ceil(spacing?.mean_frames ?? 0));
    expect(seen.request).toMatchObject({ container: "mp4", encoder: "libx264", passes: 1 });
    const rated = await seenIn(path, "--ffmpeg-params", "-c:v libx264 -b:v 800k");
    expect(rated.request.passes).toBe(2);
    expect(seen.split).toMatchObject({ mode: "keyframes", reason: null });
    expect(seen.split.outlook.map(({ clients }) => clients)).toEqual([1, 2, 4, 8]);
    // Half a second is the shortest part of a group that is ever given out.
    for (const { segments } of seen.split.outlook) expect(segments).toBeLessThanOrEqual(2 * 31);
    const counts = seen.split.outlook.map(({ segments }) => segments);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });

  testWithMedia(
    "nasa-2video-2audio-2subs.mp4",
    "streams, and what becomes of them in another container",
    async (path) => {
      const asked = ["-o", "out.mkv", "--ffmpeg-params", "-c:v libx265 -c:a libopus -sn"];
      const seen = await seenIn(path, ...asked);
      expect(seen.request).toMatchObject({ output_name: "out.mkv", container: "mkv", encoder: "libx265" });
      const told = seen.streams.map(({ type, action, encoder, reason }) => [type, action, encoder, reason]);
      expect(told).toEqual([
        ["video", "encode", "libx265", null],
        ["audio", "encode", "libopus", null],
        ["audio", "encode", "libopus", null],
        ["subtitle", "leave-out", null, "-sn"],
        ["subtitle", "leave-out", null, "-sn"],
        ["video", "leave-out", null, "one video stream is encoded, stream 0 (320x180); -map 0:v:1 picks this one"],
      ]);
    },
  );

  testWithMedia("vfr-screenrec-3026x1386.mp4", "a variable frame rate with its range", async (path) => {
    const { video } = await seenIn(path);
    const rate = video.frame_rate;
    if (rate.kind !== "variable") throw new Error(`seen as ${rate.kind}`);
    expect(rate.shortest_seconds).toBeGreaterThan(0);
    expect(rate.longest_seconds).toBeGreaterThan(2 * rate.shortest_seconds);
    expect(video.frames).toBe(63);
  });

  testWithMedia(
    "flower-540p29.97-5s.mp4",
    "one segment when a filter needs its neighbours, said to people",
    async (path) => {
      const { stdout, exitCode } = await probe(path, "--ffmpeg-params", "-c:v libx264 -vf hqdn3d", "-o", "x.mov");
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^frame rate +constant, 30000\/1001 \(29\.970\)$/m);
      expect(stdout).toMatch(/^split +one segment: the filter hqdn3d /m);
      expect(stdout).toMatch(/^0 +video +h264 .* encode with libx264$/m);
      expect(stdout).toMatch(/^1 +audio +aac .* copy$/m);
      expect(stdout).toMatch(/^ +8 +1 +1 /m);
    },
  );
});

describe("what it refuses, as submit does", () => {
  const codeOf = (stdout: string) => (JSON.parse(stdout) as { error: { code: string } }).error.code;

  test.each([
    ["empty.mp4", "", "E_SOURCE_EMPTY"],
    ["text.mp4", "no video\n".repeat(50), "E_SOURCE_REFUSED"],
  ])("%s", async (name, text, code) => {
    await writeFile(join(folder, name), text);
    const { stdout, exitCode } = await probe(name, "--json");
    expect({ exitCode, code: codeOf(stdout) }).toEqual({ exitCode: 1, code });
  });

  test("a copy that would leave no sound, since the one track that fits sends nothing", async () => {
    const path = join(folder, "silent.mkv");
    const sound = ["-f", "lavfi", "-i", "sine=d=1"];
    const tracks = [
      "-map",
      "0",
      "-map",
      "1",
      "-map",
      "1",
      "-c:a:0",
      "aac",
      "-bsf:a:0",
      "noise=drop=1",
      "-c:a:1",
      "pcm_s16le",
    ];
    await mustRun(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", ...sound, ...tracks, path]);
    const { stdout, exitCode } = await probe(path, "--ffmpeg-params", "-c:v libx264 -c:a copy", "--json");
    expect({ exitCode, code: codeOf(stdout) }).toEqual({ exitCode: 2, code: "E_ENCODE_REQUEST" });
    expect(stdout).toContain("no sound at all");
  });

  testWithMedia("audio-only.mp4", "sound alone", async (path) => {
    const { stdout, exitCode } = await probe(path, "--json");
    expect({ exitCode, code: codeOf(stdout) }).toEqual({ exitCode: 1, code: "E_SOURCE_NO_VIDEO" });
  });

  test("a file that is not there, and options that make no sense", async () => {
    const missing = await probe("nothing.mp4", "--json");
    expect(codeOf(missing.stdout)).toBe("E_SOURCE_MISSING");
    const clip = mediaPath("flower-540p29.97-5s.mp4") ?? "";
    const odd = await probe(clip, "-o", "x.xyz", "--json");
    expect({ exitCode: odd.exitCode, code: codeOf(odd.stdout) }).toEqual({ exitCode: 2, code: "E_CONTAINER" });
    const nothing = await probe("--json");
    expect({ exitCode: nothing.exitCode, code: codeOf(nothing.stdout) }).toEqual({ exitCode: 2, code: "E_USAGE" });
  });
});
