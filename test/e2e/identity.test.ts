// Lossless identity: a job over two clients (one reading the file, one through the gateway) gives an output whose
// frames (MD5) and times equal those of the source decoded in one go. One clip of each kind that meets the cluster in a
// way of its own. What src/media/local/pipeline.test.ts or ordinary.test.ts has is not repeated here; the long run has more
// of each kind, and test/media/ every clip over both accesses.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf, largestTimingError } from "../support/frames.ts";
import { rowsOf } from "../support/long-run.ts";
import { hardCase, mediaPath } from "../support/media.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const FFV1 = "-c:v ffv1 -an";
const X264 = "-c:v libx264 -qp 0 -preset ultrafast -an";

interface Case {
  readonly clip: string;
  readonly isSynthetic: boolean;
  /** Makes the clip at a path; absent where it is found under its name. */
  readonly make?: (path: string) => Promise<void>;
  readonly params: string;
  readonly extension: string;
  /** Fewest segments the job must have been split into. */
  readonly segments: number;
}

const real = (clip: string, params: string, extension: string, segments: number): Case => ({
  clip,
  isSynthetic: false,
  params,
  extension,
  segments,
});
const synthetic = (clip: string, params: string, extension: string, segments: number): Case => ({
  clip,
  isSynthetic: true,
  params,
  extension,
  segments,
});

/** Made on the spot by ffmpeg with these encoders. */
const made = (clip: string, encoders: readonly string[], params: string, segments: number): Case => ({
  ...synthetic(clip, params, "mkv", segments),
  make: (path) => makeSynthetic(path, { frames: 100, gop: 12, withSound: encoders.includes("-c:a"), encoders }),
});

const USUAL: readonly Case[] = [
  // one key frame; no index to seek by; no times at all
  synthetic("single-keyframe-24s.mp4", X264, "mp4", 2),
  synthetic("nocues-h264.mkv", X264, "mkv", 2),
  synthetic("anim-vfr.gif", FFV1, "mkv", 1),
];

/** Of their mechanisms pipeline.test.ts, remux.test.ts, source-times.test.ts and the differential seeds have one each. */
const MORE: readonly Case[] = [
  // groups of uneven lengths; pictures of one time
  synthetic("irregular-gop.mp4", X264, "mp4", 4),
  synthetic("dup-timestamps.mkv", FFV1, "mkv", 2),
  // B-pyramid, open GOP
  real("anamorphic-bpyramid.mp4", X264, "mp4", 2),
  synthetic("opengop-h264.mp4", X264, "mp4", 4),
  // variable frame rate
  real("vfr-screenrec-3026x1386.mp4", X264, "mkv", 2),
  // edit lists, alternate depth
  real("vfr-iphone-hlg-dovi-editlist-rot.mp4", X264, "mkv", 1),
  real("chapters-h264-444.mkv", FFV1, "mkv", 1),
  // other containers: FLV, Ogg, MPEG program stream
  synthetic("h264-aac.flv", X264, "mp4", 1),
  synthetic("theora-vorbis.ogv", FFV1, "mkv", 1),
  made("program-stream.mpg", ["-c:v", "mpeg2video", "-threads", "1", "-q:v", "4", "-bf", "2", "-c:a", "mp2"], FFV1, 2),
  // pictures of two sizes
  synthetic("ts-resolution-change.ts", FFV1, "mkv", 1),
  // without timestamps, and with pictures that need all before them
  synthetic("raw-annexb.h264", FFV1, "mkv", 1),
  made("elementary.hevc", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error"], FFV1, 1),
];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1.5", "--max-segment-duration", "1.5"] });
  await cluster.join("direct");
  await cluster.join("gateway", ["--source-access", "gateway"]);
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

for (const { clip, isSynthetic, make, params, extension, segments } of rowsOf(USUAL, MORE)) {
  const isMissing = !isSynthetic && mediaPath(clip) === null;
  test.skipIf(isMissing)(
    `${clip} → ${extension}: frames and times equal`,
    async () => {
      const source =
        make !== undefined ? cluster.path(clip) : isSynthetic ? await hardCase(clip) : (mediaPath(clip) ?? "");
      await make?.(source);
      const output = cluster.path(`${clip}.identity.${extension}`);
      const ended = await cluster.command(["submit", source, "-o", output, "--ffmpeg-params", params, "--json"]);
      const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event?: string; proof?: Proof };
      expect({ exitCode: ended.exitCode, event: last.event, stderr: ended.stderr.slice(-500) }).toMatchObject({
        exitCode: 0,
        event: "completed",
      });

      const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
      expect(want.md5.length).toBeGreaterThan(0);
      expect(got.md5).toEqual([...want.md5]);
      // MP4 carries the source's tick; Matroska rounds to its own millisecond (and so may the source).
      expect(largestTimingError(want, got)).toBeLessThanOrEqual(
        extension === "mkv" ? 0.001_001 : Math.min(want.tick, got.tick) / 2,
      );

      expect(last.proof?.exact).toBe(true);
      expect(last.proof?.frames).toEqual({
        expected: want.md5.length,
        encoded: want.md5.length,
        in_output: want.md5.length,
      });
      expect(last.proof?.pts.equal).toBe(true);
      expect(last.proof?.segments.length ?? 0).toBeGreaterThanOrEqual(segments);
    },
    120_000,
  );
}

test("both clients took part", async () => {
  const clients = await cluster.clients();
  expect(clients.map((client) => client.name).sort()).toEqual(["direct", "gateway"]);
  for (const client of clients) expect(client.performance ?? 0).toBeGreaterThan(0);
});
