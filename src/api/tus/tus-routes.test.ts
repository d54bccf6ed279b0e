import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { MemoryCoordinator } from "../../../test/support/memory-coordinator.ts";
import { silentLog } from "../../base/log.ts";
import { type ApiServer, serveApi } from "../serve-api.ts";
import { MOST_CHECKED_BYTES } from "./checked-body.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

type Headers = Record<string, string>;
const OURS: Headers = { authorization: "Bearer test-token", "tus-resumable": "1.0.0" };
const TYPE: Headers = { "content-type": "application/offset+octet-stream" };
const base64 = (text: string) => Buffer.from(text).toString("base64");
const checksum = (algorithm: string, text: string) =>
  `${algorithm} ${createHash(algorithm).update(text).digest("base64")}`;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function ask(method: string, path: string, headers: Headers = {}, body?: string | Uint8Array<ArrayBuffer>) {
  const init = { method, headers: { ...OURS, ...headers }, ...(body === undefined ? {} : { body }) };
  const response = await fetch(`${server.url}/api/v1/tus${path}`, init);
  const text = await response.text();
  const error = (text === "" ? null : JSON.parse(text)) as { error: { code: string } } | null;
  const code = error?.error.code ?? response.headers.get("x-ffcluster-error");
  return { status: response.status, headers: response.headers, code };
}

async function begin(length: number, metadata = `filename ${base64("Übung 1.mp4")}`): Promise<string> {
  const begun = await ask("POST", "", { "upload-length": String(length), "upload-metadata": metadata });
  expect([begun.status, begun.code]).toEqual([201, null]);
  expect(begun.headers.get("upload-expires")).toMatch(/ GMT$/);
  return (begun.headers.get("location") ?? "").replace("/api/v1/tus", "");
}

const patch = (path: string, offset: number, body: string, headers: Headers = {}) =>
  ask("PATCH", path, { ...TYPE, "upload-offset": String(offset), ...headers }, body);

test("an upload in pieces becomes a source, with the name that its metadata give", async () => {
  const path = await begin(10);
  const first = await patch(path, 0, "012345");
  expect([first.status, first.headers.get("upload-offset")]).toEqual([204, "6"]);
  const head = await ask("HEAD", path);
  expect(Object.fromEntries(head.headers)).toMatchObject({
    "tus-resumable": "1.0.0",
    "upload-offset": "6",
    "upload-length": "10",
    "upload-metadata": `filename ${base64("Übung 1.mp4")}`,
    "cache-control": "no-store",
  });
  const wrong = await patch(path, 4, "6789");
  expect([wrong.status, wrong.code]).toEqual([409, "E_UPLOAD_OFFSET"]);
  expect((await patch(path, 6, "6789")).status).toBe(204);
  const source = coordinator.sources.get(path.slice(1));
  expect(source).toMatchObject({ name: "Übung 1.mp4", bytes: 10 });
  expect(new TextDecoder().decode(source?.content)).toBe("0123456789");
});

test("the first piece may come with the creation; then nothing is left of one that is wrong", async () => {
  const whole = { ...TYPE, "upload-length": "4", "upload-checksum": checksum("sha1", "abcd") };
  const made = await ask("POST", "", whole, "abcd");
  expect([made.status, made.headers.get("upload-offset")]).toEqual([201, "4"]);
  const before = coordinator.uploads.size;
  const damaged = await ask("POST", "", whole, "abce");
  expect([damaged.status, damaged.code]).toEqual([460, "E_DIGEST"]);
  expect(coordinator.uploads.size).toBe(before);
});

test("a piece with a checksum is kept only if it is right", async () => {
  const path = await begin(8);
  expect((await patch(path, 0, "0123", { "upload-checksum": checksum("sha256", "0124") })).status).toBe(460);
  expect((await ask("HEAD", path)).headers.get("upload-offset")).toBe("0");
  expect((await patch(path, 0, "0123", { "upload-checksum": checksum("sha256", "0123") })).status).toBe(204);
  for (const malformed of [checksum("md5", "4567"), "sha1 AAAA", "sha1", "sha1 ====", "__proto__ AAAA"])
    expect((await patch(path, 4, "4567", { "upload-checksum": malformed })).status).toBe(400);
  const much = new Uint8Array(MOST_CHECKED_BYTES + 1);
  const headers = { ...TYPE, "upload-offset": "4", "upload-checksum": checksum("sha1", "x") };
  expect((await ask("PATCH", path, headers, much)).status).toBe(413);
});

test("the digest of the whole in the metadata is checked at the end", async () => {
  const named = (text: string) => `filename ${base64("a.mp4")},sha256 ${base64(sha256(text))}`;
  const good = await begin(4, named("abcd"));
  expect((await patch(good, 0, "abcd")).status).toBe(204);
  const bad = await begin(4, named("abcd"));
  expect((await patch(bad, 0, "abce")).status).toBe(460);
  expect((await ask("HEAD", bad)).status).toBe(404);
});

test("an upload is ended by DELETE, also through POST", async () => {
  const one = await begin(10);
  expect((await ask("DELETE", one)).status).toBe(204);
  expect((await ask("HEAD", one)).status).toBe(404);
  const two = await begin(4);
  const through = (method: string, headers: Headers = {}, body?: string) =>
    ask("POST", two, { "x-http-method-override": method, ...headers }, body);
  expect((await through("PATCH", { ...TYPE, "upload-offset": "0" }, "ab")).headers.get("upload-offset")).toBe("2");
  expect((await through("HEAD")).headers.get("upload-offset")).toBe("2");
  expect((await through("GET")).status).toBe(400);
  expect((await through("DELETE")).status).toBe(204);
  expect((await through("DELETE")).status).toBe(404);
});

test("another version, another type, headers that are none", async () => {
  const path = await begin(10);
  const other = await ask("HEAD", path, { "tus-resumable": "0.2.2" });
  expect([other.status, other.headers.get("tus-version")]).toEqual([412, "1.0.0"]);
  expect((await patch(path, 0, "x", { "content-type": "text/plain" })).status).toBe(415);
  for (const offset of ["-1", "1e3", "", "0x1", "1".repeat(16)])
    expect((await patch(path, 0, "x", { "upload-offset": offset })).status).toBe(400);
  const refused: Headers[] = [
    {},
    { "upload-length": "-1" },
    { "upload-length": "1.5" },
    { "upload-length": "0" },
    { "upload-defer-length": "1" },
    { "upload-length": "9", "upload-concat": "partial" },
    { "upload-length": "9", "upload-metadata": "filename %%%" },
    { "upload-length": "9", "upload-metadata": `filename ${base64("..")}` },
    { "upload-length": "9", "upload-metadata": `filename ${base64("a\u0000b")}` },
    { "upload-length": "9", "upload-metadata": "filename /w==" },
    { "upload-length": "9", "upload-metadata": "filename YQ==,filename Yg==" },
    { "upload-length": "9", "upload-metadata": `sha256 ${base64("short")}` },
    { "upload-length": "9", "upload-metadata": "x".repeat(5000) },
  ];
  for (const headers of refused) expect([headers, (await ask("POST", "", headers)).status]).toEqual([headers, 400]);
});

test("OPTIONS says what is here; the door is that of all routes", async () => {
  const { status, headers } = await ask("OPTIONS", "", { "tus-resumable": "" });
  expect(status).toBe(204);
  expect(Object.fromEntries(headers)).toMatchObject({
    "tus-version": "1.0.0",
    "tus-extension": "creation,creation-with-upload,termination,checksum,expiration",
    "tus-checksum-algorithm": "sha1,sha256",
  });
  const stranger = await ask("POST", "", { "upload-length": "9", authorization: "Bearer wrong" });
  expect([stranger.status, stranger.headers.get("tus-resumable")]).toEqual([401, "1.0.0"]);
  const path = await begin(10);
  const { token } = await coordinator.createToken({ name: "other", role: "submit", expiresInSeconds: null });
  const foreign = { authorization: `Bearer ${token}` };
  expect((await ask("HEAD", path, foreign)).status).toBe(404);
  expect((await patch(path, 0, "0123456789", foreign)).status).toBe(404);
  expect((await ask("DELETE", path, foreign)).status).toBe(404);
  expect((await ask("HEAD", path)).headers.get("upload-offset")).toBe("0");
});

test("our own uploads and those of tus take no pieces of each other", async () => {
  const body = JSON.stringify({ name: "a.mp4", bytes: 4 });
  const init = { method: "POST", headers: OURS, body };
  const own = (await (await fetch(`${server.url}/api/v1/sources`, init)).json()) as { source_id: string };
  expect((await ask("HEAD", `/${own.source_id}`)).status).toBe(404);
  expect((await ask("DELETE", `/${own.source_id}`)).status).toBe(404);
});
