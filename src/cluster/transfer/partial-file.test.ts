import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { appendOf, pieceOf } from "../../../test/support/upload.ts";
import { sha256Of } from "../../base/digest.ts";
import { AppError } from "../../base/errors.ts";
import { UPLOAD_BLOCK_BYTES } from "../../base/upload/resumable-upload.ts";
import { sendUpload } from "../../base/upload/send-upload.ts";
import { PartialFile } from "./partial-file.ts";

const BLOCK = UPLOAD_BLOCK_BYTES;
const content = new Uint8Array(3 * BLOCK + 1000).map((_, index) => (index * 31 + (index >> 9)) % 251);

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-partial-"));
  path = join(folder, "partial");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function failureOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "none",
    (thrown: unknown) => (thrown instanceof AppError ? thrown.code : String(thrown)),
  );
}

/** The bytes up to `cut`, then the end that the sender's connection came to. */
function cutBody(bytes: Uint8Array, cut: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytes.slice(0, cut)),
    pull: (controller) => controller.error(new Error("connection reset")),
  });
}

/** Open, but nothing more comes. */
function silentBody(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice()) });
}

test("pieces make the whole, and its digest is known without reading it again", async () => {
  const file = await PartialFile.open(path, content.length);
  await file.append(appendOf(pieceOf(content, 0, 1000)));
  await file.append(appendOf(pieceOf(content, 1000)));
  expect(file.offset).toBe(content.length);
  expect(await file.sha256()).toBe(sha256Of(content));
  expect(sha256Of(await Bun.file(path).bytes())).toBe(sha256Of(content));
});

test("a connection that breaks costs the block that was on its way", async () => {
  const file = await PartialFile.open(path, content.length);
  const piece = pieceOf(content);
  expect(await failureOf(file.append(appendOf(piece, cutBody(content, 2 * BLOCK + 500))))).toContain("reset");
  expect(file.offset).toBe(2 * BLOCK);
  expect((await stat(path)).size).toBe(2 * BLOCK);
});

test("a flipped byte is found in its block; nothing of it is kept", async () => {
  const file = await PartialFile.open(path, content.length);
  const flipped = content.slice();
  flipped[BLOCK + 77] = (flipped[BLOCK + 77] ?? 0) ^ 1;
  const damaged = new Blob([flipped]).stream();
  expect(await failureOf(file.append(appendOf(pieceOf(content), damaged)))).toBe("E_DIGEST");
  expect(file.offset).toBe(BLOCK);
  const short = new Blob([content.slice(BLOCK, 2 * BLOCK - 1)]).stream();
  expect(await failureOf(file.append(appendOf(pieceOf(content, BLOCK, 2 * BLOCK), short)))).toBe("E_DIGEST");
  const tooLong = pieceOf(new Uint8Array(content.length * 2), BLOCK);
  expect(await failureOf(file.append(appendOf(tooLong)))).toBe("E_DIGEST");
  expect(file.offset).toBeLessThanOrEqual(content.length);
});

test("another offset, and a second writer, are refused; whoever asks anew ends the one that was lost", async () => {
  const file = await PartialFile.open(path, content.length);
  expect(await failureOf(file.append(appendOf(pieceOf(content, BLOCK))))).toBe("E_UPLOAD_OFFSET");
  const lost = failureOf(file.append(appendOf(pieceOf(content), silentBody(content.subarray(0, BLOCK + 5)))));
  expect(await failureOf(file.append(appendOf(pieceOf(content))))).toBe("E_UPLOAD_OFFSET");
  await file.interrupt();
  expect(await lost).toBe("E_UPLOAD_OFFSET");
  expect([0, BLOCK]).toContain(file.offset);
  await file.append(appendOf(pieceOf(content, file.offset)));
  expect(await file.sha256()).toBe(sha256Of(content));
});

test("silence ends a request", async () => {
  const file = await PartialFile.open(path, content.length);
  const silent = appendOf(pieceOf(content), silentBody(content.subarray(0, 10)));
  expect(await failureOf(file.append(silent, { stallMs: 50 }))).toBe("E_UNREACHABLE");
  expect(file.offset).toBe(0);
});

test("another process goes on with what is on the disk, whatever the one before thought it had", async () => {
  const first = await PartialFile.open(path, content.length);
  await first.append(appendOf(pieceOf(content, 0, BLOCK + 10)));
  await writeFile(path, content.subarray(0, 300)); // less came to the disk than was written
  const second = await PartialFile.open(path, content.length);
  expect(second.offset).toBe(300);
  await second.append(appendOf(pieceOf(content, 300)));
  expect(await second.sha256()).toBe(sha256Of(content));
  await writeFile(path, new Uint8Array(content.length + 1));
  expect((await PartialFile.open(path, content.length)).offset).toBe(0);
});

type Accident =
  | { readonly kind: "none" | "restart" | "lost answer" }
  | { readonly kind: "cut" | "flip"; readonly at: number };

const accident: fc.Arbitrary<Accident> = fc.oneof(
  fc.constantFrom<Accident>({ kind: "none" }, { kind: "restart" }, { kind: "lost answer" }),
  fc.record({ kind: fc.constantFrom("cut" as const, "flip" as const), at: fc.nat(3 * BLOCK) }),
);

test("whatever is cut, flipped, lost or restarted on the way: the same bytes in the end, and few of them twice", async () => {
  await writeFile(join(folder, "source"), content);
  await fc.assert(
    fc.asyncProperty(fc.array(accident, { maxLength: 12 }), async (accidents) => {
      await rm(path, { force: true });
      let file = await PartialFile.open(path, content.length);
      const ahead = [...accidents];
      let sent = 0;
      let failures = 0;
      const state = () => ({ offset: file.offset, isComplete: file.offset === content.length });
      await sendUpload(
        join(folder, "source"),
        content.length,
        {
          ask: async () => state(),
          async append(piece) {
            const next = ahead.shift() ?? { kind: "none" };
            if (next.kind === "restart") file = await PartialFile.open(path, content.length);
            const bytes = piece.bytes.slice();
            sent += next.kind === "cut" ? Math.min(next.at, bytes.length) : bytes.length;
            if (next.kind === "flip") bytes[next.at % bytes.length] = (bytes[next.at % bytes.length] ?? 0) ^ 4;
            const body = next.kind === "cut" && next.at < bytes.length ? cutBody(bytes, next.at) : undefined;
            await file.append(appendOf({ ...piece, bytes }, body));
            if (next.kind === "lost answer") throw new Error("no answer");
            return state();
          },
          pause: async () => void failures++,
        },
        {},
      );
      expect(await file.sha256()).toBe(sha256Of(content));
      expect(sha256Of(await Bun.file(path).bytes())).toBe(sha256Of(content));
      // A flipped byte lets what follows it in its request go for nothing, a cut the block that it strikes.
      expect(sent).toBeLessThanOrEqual(content.length + failures * 4 * BLOCK);
    }),
    { numRuns: 60 },
  );
});
