import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RangeHost } from "../../../../test/support/range-host.ts";
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { silentLog } from "../../../base/log.ts";
import { SourceRegistry } from "../transfers/source-registry.ts";
import { type CallPolicy, DEFAULT_CALL_POLICY } from "./call-place.ts";
import { RemoteSources } from "./remote-sources.ts";
import { storesFileSchema } from "./stores-file.ts";

const BLOCK = 4096;
const fixture = (name: string) => join(import.meta.dir, "../../../../test/fixtures/tls", name);
const keys = { cert: await readFile(fixture("cert.pem"), "utf8"), key: await readFile(fixture("key.pem"), "utf8") };
const content = crypto.getRandomValues(new Uint8Array(5 * BLOCK + 100));
const PATIENT = { ...DEFAULT_CALL_POLICY, firstDelayMs: 1 };
const HASTY = { giveUpMs: 400, firstDelayMs: 1, stallMs: 150 };

let folder: string;
let host: RangeHost;
let remote: RemoteSources;

async function open(policy: CallPolicy = PATIENT): Promise<RemoteSources> {
  const trusted = { private: true, ca_file: fixture("cert.pem") };
  return await RemoteSources.open({
    stores: storesFileSchema.parse({ hosts: { [`127.0.0.1:${host.port}`]: trusted } }),
    env: {},
    folder: join(folder, "remote"),
    blockBytes: BLOCK,
    uploads: folder,
    sources: new SourceRegistry({ mediaRoots: [], blockBytes: BLOCK }),
    log: silentLog,
    policy,
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-remote-"));
  host = await RangeHost.open(keys, content.slice());
  remote = await open();
});
afterEach(async () => {
  await remote.close();
  host[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

const address = (path = "/film.mp4") => `https://127.0.0.1:${host.port}${path}`;
const never = new AbortController().signal;
const take = (mayCopy = false, path?: string) => remote.take({ address: address(path), owner: "t", mayCopy }, never);

async function refusal(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "none",
    (thrown: unknown) => (thrown instanceof AppError ? `${thrown.code}: ${thrown.message}` : String(thrown)),
  );
}

test("blocks are those of the file, each is asked for once, and their digests outlive a restart", async () => {
  const source = await take(false, "/a/film.mp4?key=secret");
  expect(source).toMatchObject({
    name: "film.mp4",
    bytes: content.length,
    firstBlockSha256: sha256Of(content.slice(0, BLOCK)),
  });
  expect(source.path).toBe(address("/a/film.mp4?…"));
  for (const number of [5, 0, 3, 3]) {
    const { bytes, sha256 } = await remote.block(source, BLOCK, number);
    expect(sha256).toBe(sha256Of(content.subarray(number * BLOCK, (number + 1) * BLOCK)));
    expect(sha256Of(bytes)).toBe(sha256);
  }
  expect(host.requests).toHaveLength(4); // the look, the ends, and block 3
  await remote.close();
  remote = await open();
  host.bytes[3 * BLOCK] = (host.bytes[3 * BLOCK] ?? 0) ^ 1; // under the same ETag
  expect(await refusal(remote.block(source, BLOCK, 3))).toContain("E_SOURCE_CHANGED: block 3");
  expect(remote.failure(source)?.code).toBe("E_SOURCE_CHANGED");
});

test("what nothing marks as unchanged is refused with a hint, or copied whole when that is asked", async () => {
  for (const [faults, what] of [
    [{ etag: null }, "no ETag"],
    [{ etag: 'W/"1"' }, "only a weak ETag"],
    [{ hasNoRanges: true }, "can't be read in ranges"],
  ] as const) {
    host.faults = faults;
    expect(await refusal(take())).toMatch(new RegExp(`^E_SOURCE_REFUSED: .*${what}`));
    const copied = await take(true);
    expect(copied.kind).toBe("uploaded");
    expect(sha256Of(await readFile(copied.path))).toBe(sha256Of(content));
    expect((await stat(copied.path)).size).toBe(content.length);
  }
});

test("a change in the midst is the reason, whatever shows it; no byte of the new state is given", async () => {
  const source = await take();
  host.faults = { etag: '"two"' };
  expect(await refusal(remote.block(source, BLOCK, 2))).toContain("has changed since");
  host.faults = {};
  host.bytes = content.slice(0, 4 * BLOCK);
  expect(await refusal(remote.block(source, BLOCK, 1))).toContain("has changed since");
  expect((await remote.ask(source))?.code).toBe("E_SOURCE_CHANGED");
  host.bytes = content;
  expect(await remote.ask(source)).toBeNull();
  expect(remote.failure(source)).toBeNull();
});

test("what passes is tried again: 503, a cut line, silence; what does not ends with its reason", async () => {
  const source = await take();
  host.faults = { busyFor: 3 };
  expect((await remote.block(source, BLOCK, 1)).bytes).toHaveLength(BLOCK);
  await remote.close();
  remote = await open(HASTY);
  for (const faults of [{ busyFor: 1000 }, { cutsAfter: 100 }, { silentAfter: 100 }]) {
    host.faults = faults;
    expect(await refusal(remote.block(source, BLOCK, 2))).toMatch(/^E_STORE: .*could not be used/);
  }
  await remote.close();
  host.faults = {};
  remote = await open();
  expect((await remote.block(source, BLOCK, 2)).bytes).toHaveLength(BLOCK);
});

test("hosts of the server's own network, http, passwords and loops are refused; redirects are looked at like the first", async () => {
  const other = await RangeHost.open(keys, content);
  try {
    const from = (text: string) => refusal(remote.take({ address: text, owner: "t", mayCopy: true }, never));
    for (const name of [`127.0.0.1:${other.port}`, `localhost:${other.port}`, "[::1]:1", "169.254.169.254", "10.1.2.3"])
      expect(await from(`https://${name}/x`)).toMatch(/^E_FORBIDDEN: .* is an address of the server's own network/);
    expect(await from(`http://127.0.0.1:${host.port}/x`)).toContain("E_MALFORMED");
    expect(await from(`https://me:pw@127.0.0.1:${host.port}/x`)).toContain("E_MALFORMED");
    expect(await from("s3://bucket/key.mp4")).toContain("E_FORBIDDEN");
    host.faults = { redirectTo: `https://127.0.0.1:${other.port}/secret` };
    expect(await refusal(take(true))).toContain("E_FORBIDDEN");
    host.faults = { redirectTo: `http://127.0.0.1:${host.port}/` };
    expect(await refusal(take(true))).toContain("E_MALFORMED");
    host.faults = { redirectTo: address("/again") };
    expect(await refusal(take(true))).toContain("redirects without an end");
    expect(other.requests).toHaveLength(0);
  } finally {
    other[Symbol.dispose]();
  }
});

test("ffmpeg's own view: the address on this machine gives exact ranges, and a cut-off read is known", async () => {
  const source = await take();
  await using held = await remote.hold(source, BLOCK);
  expect(held.path).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/.*\.mp4$/);
  const answer = await fetch(held.path, { headers: { range: `bytes=10-${2 * BLOCK}` } });
  expect(sha256Of(await answer.bytes())).toBe(sha256Of(content.subarray(10, 2 * BLOCK + 1)));
  expect(await held.isSame()).toBe(true);
  const changing = await take();
  await using other = await remote.hold(changing, BLOCK);
  host.faults = { etag: '"two"' };
  await fetch(other.path, { headers: { range: `bytes=${3 * BLOCK}-` } })
    .then((rest) => rest.bytes())
    .catch(() => null);
  expect(await other.isSame()).toBe(false);
  expect(await held.isSame()).toBe(true);
});
