import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists } from "../../base/files.ts";
import { receiveToFile } from "./digest-stream.ts";

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
