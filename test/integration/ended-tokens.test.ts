// What is under way when a token is revoked, rotated or expires ends at once: a download, an upload, a request whose body is
// still coming, an event stream. What is sent ends in two ways: by a cut connection, and by itself where nothing can cut.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { NO_GUARD } from "../../src/api/connection-guard.ts";
import { type ApiServer, serveApi } from "../../src/api/serve-api.ts";
import { sha256Of } from "../../src/base/digest.ts";
import { newId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import { MemoryCoordinator } from "../support/memory-coordinator.ts";

const OUTPUT_BYTES = 64 << 20;
/** Patience; it takes milliseconds. */
const AT_ONCE_MS = 5000;

let coordinator: MemoryCoordinator;
let server: ApiServer;
/** As on platforms whose kernel doesn't tell which connection is whose. */
let uncut: ApiServer;
let jobId = "";
let token = "";
let name = "";

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  const options = { coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog };
  server = serveApi(options);
  uncut = serveApi({ ...options, guard: () => NO_GUARD });
  jobId = coordinator.addJob().job_id;
  const content = new Uint8Array(OUTPUT_BYTES);
  await coordinator.complete(jobId, content);
  const path = (await coordinator.output(jobId)).path;
  coordinator.burnInFiles.set(`${jobId}/0`, { path, bytes: content.length, sha256: sha256Of(content) });
  coordinator.blockBytes = OUTPUT_BYTES;
  coordinator.sources.set("film", { source_id: "film", name: "film", bytes: content.length, content });
});
afterAll(async () => {
  await server.stop();
  await uncut.stop();
  await coordinator.close();
});
beforeEach(() => {
  name = newId();
  token = coordinator.tokens.create({ name, role: "admin", expiresInSeconds: null }).token;
});

/** A connection that has sent this much of a request. */
function begin(head: string, body = "", { port } = server) {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${head}\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n${body}`);
  const began = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<{ readonly bytes: number; readonly text: string }>();
  let bytes = 0;
  let text = "";
  socket.on("data", (chunk) => {
    bytes += chunk.length;
    text += chunk.toString("latin1", 0, 1000);
    began.resolve();
  });
  socket.on("error", () => undefined); // the server cut it
  socket.on("close", () => ended.resolve({ bytes, text }));
  const late = setTimeout(() => ended.reject(new Error("it went on")), AT_ONCE_MS * 4);
  return {
    socket,
    began: began.promise,
    async end() {
      const from = performance.now();
      const all = await ended.promise.finally(() => clearTimeout(late));
      expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
      return all;
    },
  };
}

const ENDS: readonly (readonly [string, () => ApiServer])[] = [
  ...(process.platform === "linux" ? [["by a cut connection", () => server] as const] : []),
  ["by itself", () => uncut],
];
const WAYS = ENDS.flatMap(([how, from]) => [
  ["revoked", how, from, () => coordinator.tokens.revoke(name)] as const,
  ["rotated", how, from, () => coordinator.tokens.rotate(name)] as const,
]);

test.each(WAYS)(
  "a download, a source read and subtitles, with slow readers, end when their token is %s: %s",
  async (_, __, from, endToken) => {
    const paths = [
      `jobs/${jobId}/output`,
      `jobs/${jobId}/output HTTP/1.1\r\nRange: bytes=1000-`,
      "sources/film/blocks/0",
      `jobs/${jobId}/side-files/0`,
    ];
    const heads = paths.map((path) => `GET /api/v1/${path}${path.includes(" ") ? "" : " HTTP/1.1"}`);
    const reads = heads.map((head) => begin(head, "", from()));
    await Promise.all(reads.map(({ began }) => began));
    for (const { socket } of reads) socket.pause();
    const other = await fetch(`${from().url}/api/v1/jobs/${jobId}/output`, {
      headers: { authorization: `Bearer ${coordinator.token}` },
    });
    await endToken();
    for (const { socket } of reads) socket.resume();
    for (const { bytes, text } of await Promise.all(reads.map(({ end }) => end()))) {
      expect(text).toMatch(/^HTTP\/1\.1 20[06]/);
      expect(bytes).toBeLessThan(OUTPUT_BYTES / 2);
    }
    expect((await other.bytes()).length).toBe(OUTPUT_BYTES); // that of a token that lives
  },
);

test("an upload ends, and keeps nothing of what comes after", async () => {
  const who = coordinator.standingOf(token);
  if (who.kind !== "known") throw new Error("the token is good");
  const { source_id: id } = await coordinator.beginUpload({ name: "a.mp4", bytes: 300, key: null }, who.principal);
  const body = "x".repeat(300);
  const head = `PATCH /api/v1/sources/${id} HTTP/1.1\r\nUpload-Offset: 0\r\nContent-Length: 300`;
  const upload = begin(`${head}\r\nx-ffcluster-block-sha256: ${sha256Of(body)}`, body.slice(0, 100));
  while (coordinator.uploads.get(id)?.file.isAppending !== true) await Bun.sleep(5);
  coordinator.tokens.revoke(name);
  await upload.began;
  upload.socket.end(body.slice(100));
  const { text } = await upload.end();
  expect(text).toStartWith("HTTP/1.1 401");
  expect(text).toContain(`the token ${name} was revoked`);
  expect(coordinator.uploads.get(id)?.file.offset).toBe(0);
});

test("a request whose body comes after the end of its token does nothing", async () => {
  const wanted = JSON.stringify({ name: "by-the-revoked", role: "admin" });
  const head = `POST /api/v1/tokens HTTP/1.1\r\nContent-Length: ${wanted.length}`;
  const request = begin(head, wanted.slice(0, 5));
  // Another answer on another connection: the first request is being read by then.
  await fetch(`${server.url}/healthz`);
  coordinator.tokens.revoke(name);
  await request.began;
  request.socket.end(wanted.slice(5));
  expect((await request.end()).text).toStartWith("HTTP/1.1 401");
  expect(coordinator.tokens.list().map((each) => each.name)).not.toContain("by-the-revoked");
});

test("an event stream ends at once, not at its next event", async () => {
  const running = coordinator.addJob({ status: "Processing" });
  const watching = await fetch(`${server.url}/api/v1/jobs/${running.job_id}/watch`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const reader = watching.body?.getReader();
  await reader?.read();
  const from = performance.now();
  coordinator.tokens.revoke(name);
  expect((await reader?.read())?.done).toBe(true);
  expect(performance.now() - from).toBeLessThan(AT_ONCE_MS);
  expect(coordinator.watcherCount).toBe(0);
});

test.each(ENDS)("what is under way ends when its token expires: %s", async (_, from) => {
  ({ token } = coordinator.tokens.create({ name: newId(), role: "admin", expiresInSeconds: 1 }));
  const download = begin(`GET /api/v1/jobs/${jobId}/output HTTP/1.1`, "", from());
  await download.began;
  download.socket.pause();
  const sweep = setInterval(() => coordinator.tokens.endExpired(), 50);
  while (coordinator.standingOf(token).kind === "known") await Bun.sleep(20);
  download.socket.resume();
  expect((await download.end()).bytes).toBeLessThan(OUTPUT_BYTES);
  clearInterval(sweep);
});

test("an output that ends by itself is the same, whole and by range", async () => {
  const { job_id: shortId } = coordinator.addJob();
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  await coordinator.complete(shortId, Buffer.concat(Array.from({ length: 10 }, () => content)));
  const answers = async ({ url }: ApiServer, headers: Record<string, string>) => {
    const all = { authorization: `Bearer ${token}`, ...headers };
    const response = await fetch(`${url}/api/v1/jobs/${shortId}/output`, { headers: all });
    return [response.status, response.headers.get("content-range"), sha256Of(await response.bytes())];
  };
  const { sha256 } = await coordinator.output(shortId);
  const asked = [
    {},
    ...["bytes=10-19", "bytes=599000-", "bytes=-5", "bytes=9-99999999", "bytes=5-2", "bytes=99999999-"].map(
      (range) => ({
        range,
      }),
    ),
    { range: "bytes=10-19", "if-range": `"${sha256}"` },
    { range: "bytes=10-19", "if-range": '"another"' },
  ];
  for (const headers of asked) expect(await answers(uncut, headers)).toEqual(await answers(server, headers));
});
