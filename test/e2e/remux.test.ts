// Elementary streams, which cannot be sought, through a cluster: remuxed by the server, split among a client that opens
// the file and one behind the gateway, and equal to what plain ffmpeg makes of them. What cannot be shown exact stays whole.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf, largestTimingError } from "../support/frames.ts";
import { rowsOf } from "../support/long-run.ts";
import { hardCase } from "../support/media.ts";
import { outputOf } from "../support/programs.ts";

const PARAMS = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast"];

let cluster: Cluster;
const clients = new Set<string>();

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1.5"] });
  await cluster.join("near", ["--source-access", "direct", "--slots", "1"]);
  await cluster.join("far", ["--source-access", "gateway", "--slots", "1"]);
}, 60_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function ffmpeg(...args: string[]): Promise<void> {
  await outputOf("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
}

async function encode(source: string, params: readonly string[] = PARAMS) {
  const output = `${source}.out.mp4`;
  const asked = ["submit", source, "-o", output, "--ffmpeg-params", params.join(" "), "--json"];
  const ended = await cluster.command(asked);
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as { event?: string; proof?: Proof };
  expect({ event: last.event, stderr: ended.stderr.slice(-500) }).toMatchObject({ event: "completed" });
  if (last.proof === undefined) throw new Error("no proof");
  return { output, proof: last.proof };
}

async function expectAsPlain(source: string, output: string): Promise<void> {
  const plain = `${source}.plain.mp4`;
  await ffmpeg("-i", source, ...PARAMS, plain);
  const [want, got] = await Promise.all([framesOf(plain), framesOf(output)]);
  expect(got.md5).toEqual([...want.md5]);
  // Nearer than either clock can tell.
  expect(largestTimingError(want, got)).toBeLessThanOrEqual(Math.max(want.tick, got.tick) / 2);
}

type Made = readonly [name: string, args: readonly string[]];

/** By file name: how it is made from the 100 raw pictures at 25 a second. */
const MADE = rowsOf<Made>(
  [
    ["29.97.264", ["-r", "30000/1001", "-c:v", "libx264", "-preset", "veryfast", "-g", "20", "-bf", "2"]],
    ["b-frames.265", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:bframes=3:log-level=none"]],
  ],
  [["b-frames.m2v", ["-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-b:v", "2M"]]],
);

for (const [name, args] of MADE) {
  test(`${name} is remuxed, split and equal to a plain run`, async () => {
    const source = cluster.path(name);
    await ffmpeg("-i", await hardCase("raw-annexb.h264"), ...args, source);
    const { output, proof } = await encode(source);
    await expectAsPlain(source, output);
    expect(proof.exact).toBe(true);
    expect(proof.notes.join()).toContain("remuxed first: a raw ");
    expect(proof.segments.length).toBeGreaterThan(1);
    for (const { client } of proof.segments) clients.add(client);
  }, 120_000);
}

test("both ways to the bytes were taken", () => {
  expect(clients).toEqual(new Set(["near", "far"]));
});

test("a stream whose decoder complains stays one segment, with the reason", async () => {
  const source = cluster.path("cut-off.264");
  const bytes = await readFile(await hardCase("raw-annexb.h264"));
  await writeFile(source, bytes.subarray(0, Math.floor(bytes.length * 0.9)));
  const { output, proof } = await encode(source);
  expect(proof.segments.length).toBe(1);
  expect(proof.notes.join()).toContain("could not be remuxed exactly: ");
  // What is cut off is concealed otherwise by another number of threads: only the count is one.
  expect((await framesOf(output)).md5.length).toBe((await framesOf(source)).md5.length);
}, 120_000);
