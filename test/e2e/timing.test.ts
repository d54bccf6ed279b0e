// Times through a cluster: a constant rate that Matroska rounds becomes exact in MP4; where the frames turn out to leave
// the declared rate, what was encoded for it is void and the source's own times are kept.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf, largestTimingError } from "../support/frames.ts";
import { IS_LONG } from "../support/long-run.ts";
import { hardCase } from "../support/media.ts";

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

async function encode(clip: string) {
  const source = await hardCase(clip);
  const output = cluster.path(`${clip}.timing.mp4`);
  const params = "-c:v libx264 -qp 0 -preset ultrafast";
  const ended = await cluster.command(["submit", source, "-o", output, "--ffmpeg-params", params, "--json"]);
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event?: string; proof?: Proof };
  expect({ event: last.event, stderr: ended.stderr.slice(-500) }).toMatchObject({ event: "completed" });
  const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
  expect(got.md5).toEqual([...want.md5]);
  expect(last.proof?.exact).toBe(true);
  return { want, got, proof: last.proof };
}

// As pipeline.test.ts has it without a cluster.
test.skipIf(!IS_LONG)(
  "23.976 in milliseconds becomes 24000/1001",
  async () => {
    const { want, got, proof } = await encode("hdr10-hevc-23.976.mkv");
    expect(largestTimingError(want, got)).toBeLessThanOrEqual(0.001);
    const frame = 1001 / 24_000 / got.tick;
    expect(frame).toBeCloseTo(Math.round(frame), 6);
    const steps = got.pts.slice(1).map((at, position) => Math.round((at - (got.pts[position] ?? 0)) / got.tick));
    expect(new Set(steps)).toEqual(new Set([Math.round(frame)]));
    expect(proof?.checks.find((check) => check.name === "frame times")?.detail).toContain("24000/1001 frames a second");
  },
  180_000,
);

test("a source that declares 23.976 and leaves it keeps its own times", async () => {
  const { want, got, proof } = await encode("vfr-24-30-60-mix.mkv");
  expect(largestTimingError(want, got)).toBeLessThanOrEqual(Math.min(want.tick, got.tick) / 2);
  expect(proof?.notes.join()).toContain("its declared rate is not constant");
  expect(proof?.segments.length).toBeGreaterThan(2);
}, 180_000);
