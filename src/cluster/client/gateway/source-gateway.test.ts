import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { StandInCoordinator } from "../../../../test/support/stand-in-coordinator.ts";
import { sha256Of } from "../../../base/digest.ts";
import { exists } from "../../../base/files.ts";
import { silentLog } from "../../../base/log.ts";
import { runUnconfined } from "../../../media/ffmpeg/run-tool.fixture.ts";
import type { SourceGateway } from "../../transfer/gateway/block-gateway.ts";
import { DEFAULT_FETCH_POLICY } from "./fetch-block.ts";
import { type GatewayOptions, openSourceGateway } from "./source-gateway.ts";

setDefaultTimeout(180_000);

const BLOCK = 4096;
/** A block takes a millisecond here; on a machine with other work none may seem stalled or lost that is not. */
const POLICY = { ...DEFAULT_FETCH_POLICY, firstDelayMs: 5, giveUpMs: 20_000, stallMs: 5000 };

let folder: string;
let server: StandInCoordinator;
const gateways: SourceGateway[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-gateway-"));
  server = new StandInCoordinator({ folder });
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function openGateway(options: Partial<GatewayOptions> = {}): Promise<SourceGateway> {
  const gateway = await openSourceGateway({
    remote: { serverUrl: server.url, token: "token" },
    cacheFolder: join(folder, "cache"),
    log: silentLog,
    fetchPolicy: POLICY,
    ...options,
  });
  gateways.push(gateway);
  return gateway;
}

async function makeSource(blocks: number) {
  const bytes = new Uint8Array(Math.round(blocks * BLOCK));
  for (let at = 0; at < bytes.length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  const path = join(folder, "source.bin");
  await writeFile(path, bytes);
  return { bytes, path, offer: await server.addSource(path, BLOCK) };
}

/** Polls what has no event of its own. */
async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so within ${withinMs} ms: ${condition}`);
    await Bun.sleep(2);
  }
}

const rangeOf = (text: string) => ({ headers: { range: text } });

async function bytesOf(response: Response): Promise<string> {
  return sha256Of(new Uint8Array(await response.arrayBuffer()));
}

test("random ranges are byte for byte those of the file, with exact lengths", async () => {
  const { bytes, offer } = await makeSource(20.3);
  const { url } = (await openGateway()).open(offer);
  const position = fc.integer({ min: 0, max: bytes.length - 1 });
  await fc.assert(
    fc.asyncProperty(position, position, async (a, b) => {
      const [start, last] = a < b ? [a, b] : [b, a];
      const response = await fetch(url, rangeOf(`bytes=${start}-${last}`));
      expect(response.status).toBe(206);
      expect(response.headers.get("content-range")).toBe(`bytes ${start}-${last}/${bytes.length}`);
      expect(response.headers.get("content-length")).toBe(String(last - start + 1));
      expect(await bytesOf(response)).toBe(sha256Of(bytes.subarray(start, last + 1)));
    }),
    { numRuns: 60 },
  );
});

test("whole, open, suffix and impossible ranges, HEAD, and addresses that do not exist", async () => {
  const { bytes, offer } = await makeSource(3.5);
  const gateway = await openGateway();
  const handle = gateway.open(offer);
  const whole = await fetch(handle.url);
  expect([whole.status, whole.headers.get("accept-ranges"), whole.headers.get("content-length")]).toEqual([
    200,
    "bytes",
    String(bytes.length),
  ]);
  expect(await bytesOf(whole)).toBe(sha256Of(bytes));
  const open = await fetch(handle.url, rangeOf("bytes=100-"));
  expect(open.headers.get("content-range")).toBe(`bytes 100-${bytes.length - 1}/${bytes.length}`);
  expect(await bytesOf(open)).toBe(sha256Of(bytes.subarray(100)));
  expect(await bytesOf(await fetch(handle.url, rangeOf("bytes=-10")))).toBe(sha256Of(bytes.subarray(-10)));
  const beyond = await fetch(handle.url, rangeOf(`bytes=${bytes.length}-`));
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${bytes.length}`]);
  const head = await fetch(handle.url, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(bytes.length)]);
  expect((await fetch(handle.url, { method: "PUT", body: "x" })).status).toBe(405);
  expect((await fetch(handle.url.replace(/[0-9a-f]{32}/, "0".repeat(32)))).status).toBe(404);
  expect((await fetch(`${handle.url}s`)).status).toBe(404);
  handle.release();
  expect((await fetch(handle.url)).status).toBe(404);
});

test("corrupted, cut, refused and silent answers are made good without the reader seeing them", async () => {
  const { bytes, offer } = await makeSource(12);
  const faults = { 1: "corrupt", 3: "cut", 5: "busy", 7: "silent" } as const;
  server.blockFault = (block, times) => (times > 1 ? null : (faults[block as keyof typeof faults] ?? null));
  const handle = (await openGateway({ fetchPolicy: { ...POLICY, stallMs: 1000 } })).open(offer);
  expect(await bytesOf(await fetch(handle.url))).toBe(sha256Of(bytes));
  expect(handle.failure()).toBeNull();
  const counts = Map.groupBy(server.blockRequests, (block) => block);
  for (let block = 0; block < 12; block++) expect(counts.get(block)?.length).toBe(block in faults ? 2 : 1);
});

test("a server that restarts in the middle is waited for", async () => {
  const { bytes, offer } = await makeSource(40);
  const handle = (await openGateway({ fetchPolicy: POLICY })).open(offer);
  let stopping: Promise<void> | null = null;
  const { port } = server;
  server.blockFault = (block) => {
    if (block === 20) stopping ??= server.stop();
    return null;
  };
  const reading = fetch(handle.url).then(bytesOf);
  await until(() => stopping !== null);
  await stopping;
  server = new StandInCoordinator({ folder, port, successorOf: server });
  expect(await reading).toBe(sha256Of(bytes));
});

test("what cannot be made good breaks the connection off and is remembered", async () => {
  const { offer } = await makeSource(12);
  const gateway = await openGateway({ fetchPolicy: { ...POLICY, giveUpMs: 400 } });
  for (const [fault, code] of [
    ["corrupt", "E_DIGEST"],
    ["gone", "E_SOURCE_CHANGED"],
    ["busy", "E_UNREACHABLE"],
  ] as const) {
    server.blockFault = (block) => (block === 11 ? fault : null);
    const handle = gateway.open(offer);
    await expect(fetch(handle.url).then(bytesOf)).rejects.toThrow();
    expect(handle.failure()?.code).toBe(code);
    handle.release();
  }
});

test("readers at the same time fetch each block once", async () => {
  const { bytes, offer } = await makeSource(30);
  const gateway = await openGateway();
  const digests = await Promise.all(
    Array.from({ length: 6 }, async () => await bytesOf(await fetch(gateway.open(offer).url))),
  );
  expect(new Set(digests)).toEqual(new Set([sha256Of(bytes)]));
  expect(server.blockRequests.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, block) => block));
});

test("the cache stays within its bound, forgets the oldest, and leaves nothing behind", async () => {
  const { bytes, offer } = await makeSource(64);
  const gateway = await openGateway({ cacheBytes: 16 * BLOCK });
  const { url } = gateway.open(offer);
  const response = await fetch(url);
  let received = 0;
  for await (const chunk of response.body ?? []) {
    received += chunk.length;
    expect(gateway.cachedBytes()).toBeLessThanOrEqual(16 * BLOCK);
  }
  expect(received).toBe(bytes.length);
  expect(await bytesOf(await fetch(url, rangeOf("bytes=0-9999")))).toBe(sha256Of(bytes.subarray(0, 10_000)));
  expect(gateway.cachedBytes()).toBeGreaterThan(0);
  await gateway.close();
  expect(await exists(join(folder, "cache"))).toBe(false);
});

test("a reader that leaves is not read ahead for", async () => {
  const { offer } = await makeSource(3000);
  const { url } = (await openGateway()).open(offer);
  const leave = new AbortController();
  const response = await fetch(url, { signal: leave.signal, ...rangeOf("bytes=0-") });
  await response.body?.getReader().read();
  leave.abort();
  let asked = -1;
  let quietSince = performance.now();
  await until(() => {
    if (asked !== server.blockRequests.length) quietSince = performance.now();
    asked = server.blockRequests.length;
    return performance.now() - quietSince > 150;
  });
  expect(asked).toBeLessThan(2500);
});

test("prefetched blocks are there before a reader comes; an unused source is forgotten", async () => {
  const { offer } = await makeSource(20);
  const gateway = await openGateway({ keepUnusedMs: 1 });
  const handle = gateway.open(offer);
  handle.prefetch({ start: 5 * BLOCK, end: 8 * BLOCK + 1 });
  await until(() => gateway.cachedBytes() === 4 * BLOCK);
  expect(server.blockRequests.toSorted((a, b) => a - b)).toEqual([5, 6, 7, 8]);
  await bytesOf(await fetch(handle.url, rangeOf(`bytes=${6 * BLOCK}-${7 * BLOCK - 1}`)));
  expect(server.blockRequests.filter((block) => block === 6)).toHaveLength(1);
  handle.release();
  await until(() => gateway.cachedBytes() === 0);
});

test("ffmpeg decodes MP4 and TS through the gateway as from the file", async () => {
  const makers = { mp4: ["-movflags", "0"], ts: [] };
  for (const [extension, options] of Object.entries(makers)) {
    const path = join(folder, `clip.${extension}`);
    const encode = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=4", "-f", "lavfi", "-i", "sine=d=4"];
    const made = await runUnconfined({
      program: "ffmpeg",
      args: [...encode, "-c:v", "libx264", "-g", "25", ...options, path],
    });
    expect(made.exitCode).toBe(0);
    const { url } = (await openGateway()).open(await server.addSource(path, BLOCK));
    const framesOf = async (input: string) => {
      const args = ["-v", "error", "-ss", "1.5", "-i", input, "-map", "0:v", "-f", "framemd5", "-"];
      return (await runUnconfined({ program: "ffmpeg", args })).stdout;
    };
    const fromFile = await framesOf(path);
    expect(fromFile.split("\n").length).toBeGreaterThan(50);
    expect(await framesOf(url)).toBe(fromFile);
  }
});

const isRoot = process.getuid?.() === 0 && process.platform === "linux" && Bun.which("setpriv") !== null;
test.skipIf(!isRoot || Bun.which("curl") === null)("another user who has read the address gets nothing", async () => {
  const { bytes, offer } = await makeSource(2);
  const { url } = (await openGateway()).open(offer);
  const curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", url];
  const ask = async (command: string[]) => await new Response(Bun.spawn(command).stdout).text();
  expect(await ask(curl)).toBe(`200 ${bytes.length}`);
  expect(await ask(["setpriv", "--reuid=65534", "--clear-groups", ...curl])).toBe("403 0");
});
