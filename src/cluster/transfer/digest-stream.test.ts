import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../base/digest.ts";
import { exists } from "../../base/files.ts";
import { receiveToFile, uploadFile } from "./digest-stream.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-transfer-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += 65536) crypto.getRandomValues(bytes.subarray(offset, offset + 65536));
  return bytes;
}

test("a file uploaded with uploadFile arrives whole through receiveToFile, with Content-Length and token", async () => {
  const bytes = randomBytes(3_000_001);
  const path = join(folder, "source");
  const landed = join(folder, "landed");
  await writeFile(path, bytes);
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      expect(request.headers.get("authorization")).toBe("Bearer secret");
      expect(request.headers.get("content-length")).toBe(String(bytes.length));
      expect(request.headers.get("transfer-encoding")).toBeNull();
      if (!request.body) return new Response("no body", { status: 400 });
      return Response.json(await receiveToFile(request.body, landed, { expectedBytes: bytes.length }));
    },
  });
  try {
    const sent: number[] = [];
    const answer = await uploadFile(`http://127.0.0.1:${server.port}/`, path, {
      token: "secret",
      onProgress: (n) => sent.push(n),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ bytes: bytes.length, sha256: sha256Of(bytes) });
    expect(sha256Of(await readFile(landed))).toBe(sha256Of(bytes));
    expect(sent.at(-1)).toBe(bytes.length);
  } finally {
    await server.stop(true);
  }
});

test("too few and too many bytes are refused and leave no file", async () => {
  const path = join(folder, "partial");
  for (const expectedBytes of [9, 11]) {
    const body = new Response(randomBytes(10)).body;
    if (!body) throw new Error("no body");
    await expect(receiveToFile(body, path, { expectedBytes })).rejects.toMatchObject({ code: "E_DIGEST" });
    expect(await exists(path)).toBe(false);
  }
});

test("a silent sender is given up, its partial file removed", async () => {
  const path = join(folder, "stalled");
  const cancelled = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(randomBytes(10)),
    cancel: (reason) => cancelled.resolve(reason),
  });
  await expect(receiveToFile(body, path, { stallMs: 50 })).rejects.toMatchObject({ code: "E_UNREACHABLE" });
  expect(await cancelled.promise).toMatchObject({ code: "E_UNREACHABLE" });
  expect(await exists(path)).toBe(false);
});

test("an abort ends the transfer with its reason", async () => {
  const abort = new AbortController();
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(randomBytes(10)) });
  const receiving = receiveToFile(body, join(folder, "aborted"), { signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(receiving).rejects.toThrow("enough");
});

test("a server that stops reading stalls the upload, one that is not there fails it, both to be tried again", async () => {
  const path = join(folder, "big");
  await writeFile(path, randomBytes(24 << 20));
  const release = Promise.withResolvers<void>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch() {
      await release.promise;
      return new Response("late");
    },
  });
  const url = `http://127.0.0.1:${server.port}/`;
  await expect(uploadFile(url, path, { token: "t", stallMs: 100 })).rejects.toMatchObject({ retry: true });
  release.resolve();
  await server.stop(true);
  await expect(uploadFile(url, path, { token: "t" })).rejects.toMatchObject({ code: "E_UNREACHABLE", retry: true });
});
