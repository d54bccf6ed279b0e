import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answerer, answerWith, FileHost } from "../../test/support/file-host.ts";
import { canHaveSmallDisks, SmallDisk } from "../../test/support/small-disk.ts";
import { sha256Of, sha256OfFile } from "../base/digest.ts";
import { downloadPinned } from "./download.ts";
import { mayFollow } from "./urls.ts";

const KIB = 1024;
const CONTENT = new Uint8Array(300 * KIB).map((_, at) => (at * 7919) >> 5);
const CUT_AT = 100 * KIB;
const SHA256 = sha256Of(CONTENT);
const OTHER = CONTENT.map((byte) => byte ^ 1);

const host = await FileHost.open(() => ({ status: 404 }));
let folder: string;
const made: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-download-"));
  made.push(folder);
  host.requests.length = 0;
});
afterAll(async () => {
  host[Symbol.dispose]();
  for (const path of made) await rm(path, { recursive: true, force: true });
});

interface Wanted {
  readonly bytes?: number | null;
  readonly url?: string;
  readonly waitsMs?: readonly number[];
  readonly stallMs?: number;
  readonly onBytes?: (have: number, total: number | null) => void;
}

function download(answer: Answerer, { bytes = CONTENT.length, url = `${host.url}/f`, ...options }: Wanted = {}) {
  host.answer = answer;
  const { onBytes } = options;
  return downloadPinned(
    { url, sha256: SHA256, bytes },
    {
      ...{ folder, hint: "do this", waitsMs: [1, 1], ...options },
      onBytes(have, total) {
        if (have === CUT_AT && host.requests.length === 1) host.cut();
        onBytes?.(have, total);
      },
    },
  );
}

const good: Answerer = (request) => answerWith(CONTENT, '"a"', request);
/** The first request gets 100 KiB; when those are written, the line is cut. */
const cutOnce: Answerer = (request, count) =>
  count === 1 ? { ...good(request, count), upTo: CUT_AT, fallsSilent: true } : good(request, count);

const left = async () => (await readdir(folder)).sort();

test("a file that is pinned lands under its digest, and is not fetched again", async () => {
  const seen: [number, number | null][] = [];
  const path = await download(good, { onBytes: (have, total) => seen.push([have, total]) });
  expect(path).toBe(join(folder, SHA256));
  expect(await sha256OfFile(path)).toBe(SHA256);
  expect(seen[0]).toEqual([0, CONTENT.length]);
  expect(seen.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
  expect(await download(good)).toBe(path);
  expect(host.requests).toHaveLength(1);
  await writeFile(path, OTHER); // a bit rotted, or somebody put another file there
  expect(await sha256OfFile(await download(good))).toBe(SHA256);
  expect(await left()).toEqual([SHA256]);
});

test("a download that breaks off goes on where it stopped", async () => {
  await download(cutOnce);
  expect(host.requests.map(({ headers }) => [headers.range, headers["if-range"]])).toEqual([
    [undefined, undefined],
    [`bytes=${CUT_AT}-`, '"a"'],
  ]);
  expect(await left()).toEqual([SHA256]);
});

test("it goes on in a later run too, also without a known size", async () => {
  await expect(download(cutOnce, { waitsMs: [], bytes: null })).rejects.toMatchObject({ code: "E_DOWNLOAD" });
  expect(await left()).toEqual([`${SHA256}.part`, `${SHA256}.part.json`]);
  expect(await sha256OfFile(await download(good, { bytes: null }))).toBe(SHA256);
  expect(host.requests.at(-1)?.headers.range).toBe(`bytes=${CUT_AT}-`);
});

test("all of it came, but the process ended before it was checked", async () => {
  await writeFile(join(folder, `${SHA256}.part`), CONTENT);
  expect(await sha256OfFile(await download(good, { bytes: null }))).toBe(SHA256);
  expect(host.requests.map(({ headers }) => headers.range)).toEqual([`bytes=${CONTENT.length}-`]);
});

test("the file of the host changes between two pieces: it begins anew", async () => {
  const changed: Answerer = (request, count) =>
    count === 1 ? { ...answerWith(OTHER, '"old"', request), upTo: CUT_AT, fallsSilent: true } : good(request, count);
  await download(changed);
  expect(host.requests).toHaveLength(2);
});

test("a host that mixes two files is found out by the digest, and asked for the whole", async () => {
  const mixing: Answerer = (request, count) =>
    count === 1 ? { headers: { etag: "" }, body: OTHER, upTo: CUT_AT, fallsSilent: true } : good(request, count);
  expect(await sha256OfFile(await download(mixing))).toBe(SHA256);
  expect(host.requests.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${CUT_AT}-`, undefined]);
});

test("wrong bytes never land, and nothing of them stays", async () => {
  const wrong = download((request) => answerWith(OTHER, '"b"', request));
  await expect(wrong).rejects.toMatchObject({
    code: "E_DIGEST",
    hint: "do this",
    message: expect.stringContaining(SHA256),
  });
  expect(await left()).toEqual([]);
});

test("a host that answers ranges other than those asked for", async () => {
  const odd: Answerer = (request, count) =>
    count === 2
      ? { status: 206, headers: { "content-range": `bytes 5-${CONTENT.length - 1}/${CONTENT.length}` }, body: OTHER }
      : cutOnce(request, count);
  expect(await sha256OfFile(await download(odd))).toBe(SHA256);
});

test("lengths that are lies", async () => {
  const digest = { code: "E_DIGEST" };
  await expect(download(() => ({ body: OTHER.subarray(1) }))).rejects.toMatchObject(digest);
  await expect(download(() => ({ headers: { "content-length": 2 ** 40 }, body: OTHER }))).rejects.toMatchObject(digest);
  const huge = () => ({ headers: { "content-length": 2 ** 40 }, body: OTHER });
  await expect(download(huge, { bytes: null })).rejects.toMatchObject(digest);
  expect(await left()).toEqual([`${SHA256}.part`]); // empty
  // No length at all, and more than is pinned: it ends at the first byte too many.
  const endless: Answerer = () => ({ headers: { "content-length": "" }, body: new Uint8Array(CONTENT.length + 1) });
  await expect(download(endless)).rejects.toMatchObject(digest);
  // It announces more than it ever sends.
  const short: Answerer = (request) => ({ ...good(request, 1), upTo: 0 });
  await expect(download(short)).rejects.toMatchObject({
    code: "E_DOWNLOAD",
    message: expect.stringContaining(host.url),
  });
});

test("a line that falls silent is left, and the rest asked for again", async () => {
  const silent: Answerer = (request, count) =>
    count === 1 ? { ...good(request, count), upTo: CUT_AT - 1, fallsSilent: true } : good(request, count);
  expect(await sha256OfFile(await download(silent, { stallMs: 200 }))).toBe(SHA256);
  expect(host.requests).toHaveLength(2);
});

test("hosts that do not have it", async () => {
  const refused = (what: string) => ({ code: "E_DOWNLOAD", hint: "do this", message: expect.stringContaining(what) });
  await expect(download(() => ({ status: 404 }))).rejects.toMatchObject(refused("answers 404"));
  expect(host.requests).toHaveLength(1); // asking again would not help
  await expect(download(() => ({ status: 503 }))).rejects.toMatchObject(refused("answers 503"));
  expect(host.requests).toHaveLength(4);
  const portal: Answerer = () => ({ headers: { "content-type": "text/html; charset=utf-8" }, body: OTHER });
  await expect(download(portal)).rejects.toMatchObject(refused("web page"));
  const nobody = await FileHost.open(() => ({}));
  const { url } = nobody;
  nobody[Symbol.dispose]();
  await expect(download(good, { url: `${url}/f?key=secret` })).rejects.toMatchObject(
    refused(`no server answers at ${url}/f`),
  );
});

test("redirects are followed, a few, and never to less safety", async () => {
  const toItself: Answerer = ({ path }) => ({ status: 302, headers: { location: `${path}x` } });
  await expect(download(toItself)).rejects.toMatchObject({ code: "E_DOWNLOAD" });
  expect(host.requests).toHaveLength(6);
  const once: Answerer = (request, count) =>
    request.path === "/f" ? { status: 302, headers: { location: "/g" } } : good(request, count);
  expect(await sha256OfFile(await download(once))).toBe(SHA256);
  const follows = (from: string, to: string) => mayFollow(new URL(from), new URL(to));
  expect(follows("https://a.example/", "https://b.example/")).toBe(true);
  expect(follows("https://a.example/", "http://a.example/")).toBe(false);
  expect(follows("http://127.0.0.1/", "file:///etc/passwd")).toBe(false);
});

test("an interrupted download stays to be resumed", async () => {
  const controller = new AbortController();
  host.answer = (request, count) => ({ ...good(request, count), upTo: CUT_AT, fallsSilent: true });
  const options = { folder, hint: "", signal: controller.signal };
  const running = downloadPinned(
    { url: `${host.url}/f`, sha256: SHA256, bytes: CONTENT.length },
    { ...options, onBytes: (have) => have === CUT_AT && controller.abort(new Error("enough")) },
  );
  await expect(running).rejects.toThrow("enough");
  await download(good);
  expect(host.requests.at(-1)?.headers.range).toBe(`bytes=${CUT_AT}-`);
});

test.skipIf(!canHaveSmallDisks())(
  "a full disk: refused before a byte, or where it is met; then it goes on",
  async () => {
    using disk = new SmallDisk(join(folder, "disk"), 1);
    const on = { folder: disk.folder, hint: "", waitsMs: [1] };
    const file = { url: `${host.url}/f`, sha256: SHA256, bytes: CONTENT.length };
    await disk.fillUpTo(0.2);
    host.answer = good;
    await expect(downloadPinned(file, on)).rejects.toMatchObject({ code: "E_NO_SPACE" });
    host.answer = (request, count) => ({ ...good(request, count), headers: { etag: '"a"', "content-length": "" } });
    await expect(downloadPinned({ ...file, bytes: null }, on)).rejects.toMatchObject({ code: "E_NO_SPACE" });
    await disk.relieve();
    host.answer = good;
    expect(await sha256OfFile(await downloadPinned(file, on))).toBe(SHA256);
    expect(host.requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]/);
  },
);
