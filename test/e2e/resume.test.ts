// Transfers that go on where they stopped: a source, a segment and an output over a line that breaks, over flipped bytes
// and over servers and clients that are killed. The bytes that travelled are counted: nothing is sent twice but what was
// on its way.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../../src/base/clock.ts";
import { sha256OfFile } from "../../src/base/digest.ts";
import { UPLOAD_BLOCK_BYTES } from "../../src/base/upload/resumable-upload.ts";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { downloadThrough, makeRandomFile, uploadThrough } from "../support/transfers.ts";

const MIB = 1024 * 1024;
const BOUND_MS = 120_000;

async function uploadsOf(cluster: Cluster): Promise<string[]> {
  return await readdir(join(cluster.workDir, "server", "uploads"));
}

/** Breaks the next chunk of a body, once. */
async function flipOne(proxy: TcpProxy): Promise<void> {
  const before = proxy.flipped;
  proxy.flipEvery = 1;
  await until("a byte is flipped", BOUND_MS, async () => proxy.flipped > before);
  proxy.flipEvery = 0;
}

test("an upload over a line that breaks, a flipped byte and a killed server: whole, and little of it sent twice", async () => {
  await using cluster = await Cluster.make();
  await using proxy = await TcpProxy.open(() => cluster.port);
  proxy.bytesPerSecond = 3e6;
  const path = cluster.path("source.bin");
  await makeRandomFile(path, 12 * MIB);
  let server = await cluster.serve();
  const sent = await uploadThrough(cluster, proxy, path, [
    { share: 0.05, happen: () => flipOne(proxy) },
    {
      share: 0.35,
      async happen() {
        proxy.cut();
        await delay(200);
        proxy.heal();
      },
    },
    {
      share: 0.6,
      async happen() {
        server.kill("SIGKILL");
        await server.exited;
        server = await cluster.serve();
      },
    },
  ]);
  const landed = join(cluster.workDir, "server", "uploads", `${sent.sourceId}.bin`);
  expect(await sha256OfFile(landed)).toBe(await sha256OfFile(path));
  expect(sent.brokenAt.length).toBeGreaterThanOrEqual(2);
  expect(Math.min(...sent.brokenAt)).toBeGreaterThan(0);
  expect(sent.offsets).toEqual([...sent.offsets].sort((one, other) => one - other));
  // After each failure pieces begin small again: none of these three had more than 2 MiB on its way. To begin anew
  // after the last would have cost 7.
  expect(sent.travelled).toBeLessThan(sent.bytes + 6.5 * MIB);
}, 240_000);

test("submit that is killed in its upload: the same command goes on with it and says so", async () => {
  await using cluster = await Cluster.make();
  await using proxy = await TcpProxy.open(() => cluster.port);
  const path = cluster.path("source.mkv");
  await makeSynthetic(path, { frames: 50, gop: 25, size: "640x360", encoders: ["-c:v", "ffv1"] });
  await cluster.serve();
  // An address that the command does not take for this machine's: it uploads.
  const address = `http://127.1:${proxy.port}`;
  const args = ["submit", path, "-o", cluster.path("out.mkv"), "--detach", "--server", address];
  const start = () => cluster.start("submit", [...args, "--token", cluster.token]);
  proxy.bytesPerSecond = 3e6;
  const first = start();
  const part = async () => {
    const [name] = (await uploadsOf(cluster)).filter((found) => found.endsWith(".part"));
    return name === undefined ? 0 : Bun.file(join(cluster.workDir, "server", "uploads", name)).size;
  };
  await until("some of it is there", BOUND_MS, async () => (await part()) > 2 * MIB);
  first.kill("SIGKILL");
  await first.exited;
  proxy.bytesPerSecond = 0; // what it had sent arrives
  await delay(2500); // for two seconds must a sender have been silent before another goes on for it
  const before = proxy.bodyBytes["to-server"];
  const had = await part();
  const second = start();
  expect([await second.exited, second.stderr()]).toEqual([
    0,
    expect.stringContaining("unfinished upload: the server has"),
  ]);
  expect(proxy.bodyBytes["to-server"] - before).toBeLessThanOrEqual(Bun.file(path).size - had + UPLOAD_BLOCK_BYTES);
}, 240_000);

interface Far {
  readonly source: string;
  readonly jobId: string;
  join(): Promise<Running>;
}

/** A job of one lossless segment for a client behind a proxy. */
async function farClient(cluster: Cluster, proxy: TcpProxy, frames: number, size: string): Promise<Far> {
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames, gop: frames, size });
  await cluster.serve();
  const join = async () => {
    const args = ["--slots", "1", "--source-access", "gateway", "--reconnect-delay", "0.2"];
    return await cluster.joinThrough([], `127.0.0.1:${proxy.port}`, "far", args);
  };
  const params = "-c:v libx264 -qp 0 -preset ultrafast -g 100";
  return { source, jobId: await cluster.submit(source, cluster.path("out.mkv"), params), join };
}

async function partOf(cluster: Cluster, jobId: string): Promise<number> {
  const folder = join(cluster.workDir, "server", jobId, "segments");
  const [name] = (await readdir(folder)).filter((found) => found.endsWith(".part"));
  return name === undefined ? 0 : Bun.file(join(folder, name)).size;
}

test("a segment whose server is killed in the upload goes on where it was; so does the download of the result", async () => {
  await using cluster = await Cluster.make();
  await using proxy = await TcpProxy.open(() => cluster.port);
  const far = await farClient(cluster, proxy, 50, "640x360");
  proxy.bytesPerSecond = 3e6;
  await far.join();
  await until("some of the segment is there", BOUND_MS, async () => (await partOf(cluster, far.jobId)) > 3 * MIB);
  const [server] = cluster.running("serve");
  server?.kill("SIGKILL");
  await server?.exited;
  const had = await partOf(cluster, far.jobId);
  expect(had).toBeGreaterThan(3 * MIB);
  const before = proxy.bodyBytes["to-server"];
  await cluster.serve();
  const done = await cluster.untilComplete(far.jobId, BOUND_MS);
  const detail = await cluster.jobDetail(far.jobId);
  expect(detail.segment_list.map(({ attempts }) => attempts)).toEqual([1]);
  // But for a few KiB of another container. What was there is not sent again, only what was on its way.
  const segment = done.output?.bytes ?? 0;
  expect(proxy.bodyBytes["to-server"] - before).toBeLessThan(segment - had / 2);

  const output = cluster.path("result.mkv");
  const got = await downloadThrough(cluster, proxy, done, output, [
    {
      share: 0.3,
      async happen() {
        proxy.cut();
        await delay(200);
        proxy.heal();
      },
    },
  ]);
  expect(got.brokenAt).toHaveLength(1);
  expect(got.travelled).toBeLessThan(1.2 * got.bytes);
  expect((await framesOf(output)).md5).toEqual([...(await framesOf(far.source)).md5]);
}, 240_000);

test("a client killed between its upload and the answer: nothing is encoded or sent again", async () => {
  await using cluster = await Cluster.make();
  await using proxy = await TcpProxy.open(() => cluster.port);
  const far = await farClient(cluster, proxy, 10, "320x180"); // so small that it travels in one piece
  proxy.bytesPerSecond = 200_000;
  const client = await far.join();
  await until("the segment is on its way", BOUND_MS, async () => proxy.bodyBytes["to-server"] > 0);
  proxy.hold("to-client");
  await cluster.untilJob(far.jobId, "has the segment", BOUND_MS, (job) => job.segments.done === 1);
  const sent = proxy.bodyBytes["to-server"];
  client.kill("SIGKILL");
  await client.exited;
  proxy.heal();
  proxy.bytesPerSecond = 0;
  await far.join();
  await cluster.untilComplete(far.jobId, BOUND_MS);
  const folder = cluster.path("far-work/client");
  const [identity = ""] = await readdir(folder);
  await until("the client has let go of it", BOUND_MS, async () =>
    (await readdir(join(folder, identity))).every((name) => !name.startsWith("segment_")),
  );
  expect(proxy.bodyBytes["to-server"]).toBe(sent);
  const detail = await cluster.jobDetail(far.jobId);
  expect(detail.attempts).toHaveLength(1);
}, 240_000);
