// One pixel format for all segments: a client whose build lacks it gets nothing of the job, one that makes another is
// told apart by its first segment.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster, until } from "../support/cluster.ts";
import { mustRun } from "../support/versus-plain/tools.ts";
import { makeWrongFfmpeg } from "../support/wrong-ffmpeg.ts";

setDefaultTimeout(120_000);

let cluster: Cluster;
let source: string;

beforeAll(async () => {
  cluster = await Cluster.make();
  source = cluster.path("ten.mp4");
  const pictures = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=25:d=3"];
  const ten = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-g", "25"];
  await mustRun(["ffmpeg", "-nostdin", "-v", "error", ...pictures, ...ten, source]);
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1", "--retry-delay", "0"] });
});
afterAll(() => cluster[Symbol.asyncDispose]());

async function proofOf(jobId: string): Promise<Proof> {
  await cluster.untilComplete(jobId, 60_000);
  return await cluster.json<Proof>(["jobs", "proof", jobId, "--json"]);
}

test.skipIf(process.platform === "win32")(
  "a build of eight bits alone waits, with the reason, for one of ten",
  async () => {
    const wrong = await makeWrongFfmpeg(cluster.path("shallow"), await findTools(process.env), "shallow");
    await cluster.join("shallow", [], wrong.env);
    const jobId = await cluster.submit(source, "ten.mkv", "-c:v libx264 -preset ultrafast");
    await until("the reason is shown", 30_000, async () =>
      /the libx264 of its ffmpeg .* has no yuv420p10le/.test((await cluster.command(["jobs", "show", jobId])).stdout),
    );
    await cluster.join("deep");
    const proof = await proofOf(jobId);
    expect(new Set(proof.segments.map(({ client }) => client))).toEqual(new Set(["deep"]));
    expect(proof.checks.find(({ name }) => name === "pixel format")?.detail).toStartWith("yuv420p10le in the output");
  },
);

test.skipIf(process.platform === "win32")("a client that makes another one than planned delivers nothing", async () => {
  const wrong = await makeWrongFfmpeg(cluster.path("other"), await findTools(process.env), "other-format");
  await cluster.join("other", [], wrong.env);
  const jobId = await cluster.submit(source, "again.mkv", "-c:v libx264 -preset ultrafast");
  const proof = await proofOf(jobId);
  expect(proof.segments.map(({ client }) => client)).not.toContain("other");
  expect(proof.checks.find(({ name }) => name === "pixel format")?.ok).toBe(true);
});
