import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendOf, pieceOf } from "../../../../test/support/upload.ts";
import { sha256Of, sha256OfFile } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { freeBytes } from "../../../base/files.ts";
import { UPLOAD_BLOCK_BYTES } from "../../../base/upload/resumable-upload.ts";
import { SourceRegistry } from "./source-registry.ts";
import { KEEP_PARTIAL_MS, SourceUploads } from "./source-uploads.ts";
import { MOST_UPLOADS } from "./upload-errors.ts";

const BLOCK = UPLOAD_BLOCK_BYTES;
const content = new Uint8Array(2 * BLOCK + 500).map((_, index) => (index * 7) % 253);
const digest = sha256Of(content);
const wanted = { name: "we'ird näme.mp4", bytes: content.length, key: "key" };

let folder: string;
let uploadsDir: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-uploads-"));
  uploadsDir = join(folder, "uploads");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A server that has just started, perhaps over what another left. */
async function startUploads(
  kept: readonly string[] = [],
  takeOverAfterMs = 60_000,
): Promise<{ uploads: SourceUploads; sources: SourceRegistry }> {
  const sources = new SourceRegistry({ mediaRoots: [], blockBytes: 1000 });
  const uploads = new SourceUploads(uploadsDir, sources, takeOverAfterMs);
  await uploads.restore(new Set(kept));
  return { uploads, sources };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "none",
    (thrown: unknown) => (thrown instanceof AppError ? thrown.code : String(thrown)),
  );
}

const firstPiece = () => appendOf(pieceOf(content, 0, BLOCK));
const rest = (from = BLOCK) => appendOf(pieceOf(content, from));
const silence = () => new ReadableStream<Uint8Array>();

test("an upload becomes a source with the digests of its first and last block", async () => {
  const { uploads, sources } = await startUploads();
  const { sourceId, offset } = await uploads.begin(wanted);
  expect(offset).toBe(0);
  expect(await uploads.append(sourceId, firstPiece(), null)).toEqual({ offset: BLOCK, source: null });
  expect(await uploads.state(sourceId)).toMatchObject({ offset: BLOCK, isComplete: false, bytes: content.length });
  const { source } = await uploads.append(sourceId, rest(), digest);
  expect(source).toMatchObject({ sourceId, name: wanted.name, kind: "uploaded", bytes: content.length });
  expect(source?.firstBlockSha256).toBe(sha256Of(content.subarray(0, 1000)));
  expect(await sha256OfFile(source?.path ?? "")).toBe(digest);
  expect(sources.get(sourceId)).toMatchObject({ name: wanted.name });
  // Its answer may have been lost: asked again, it is complete.
  expect(await uploads.state(sourceId)).toMatchObject({ offset: content.length, isComplete: true });
});

test("a server that was killed goes on: with the part, and with a whole that no job has taken", async () => {
  const before = await startUploads();
  const { sourceId } = await before.uploads.begin(wanted);
  await before.uploads.append(sourceId, firstPiece(), null);
  const { uploads } = await startUploads();
  expect(await uploads.state(sourceId)).toMatchObject({ offset: BLOCK, isComplete: false });
  await uploads.append(sourceId, rest(), digest);
  const again = await startUploads();
  expect(await again.uploads.state(sourceId)).toMatchObject({ isComplete: true });
  expect(await sha256OfFile(again.sources.get(sourceId).path)).toBe(digest);
  expect((await readdir(uploadsDir)).sort()).toEqual([`${sourceId}.json`, `${sourceId}.mp4`].sort());
});

test("what a job took stays and is no longer a source; all that nobody can go on with is deleted", async () => {
  const before = await startUploads();
  const { sourceId: taken } = await before.uploads.begin({ ...wanted, key: null });
  const { source } = await before.uploads.append(taken, appendOf(pieceOf(content)), digest);
  const { sourceId: old } = await before.uploads.begin({ ...wanted, key: null });
  await before.uploads.append(old, firstPiece(), null);
  const longAgo = new Date(Date.now() - KEEP_PARTIAL_MS - 60_000);
  await utimes(join(uploadsDir, `${old}.part`), longAgo, longAgo);
  await writeFile(join(uploadsDir, "stray.mp4"), "x");
  await writeFile(join(uploadsDir, "11111111-1111-4111-8111-111111111111.json"), "{");
  const { sources, uploads } = await startUploads([source?.path ?? ""]);
  expect(await readdir(uploadsDir)).toEqual([`${taken}.mp4`]);
  expect(sources.find(taken)).toBeUndefined();
  expect(await codeOf(uploads.state(old))).toBe("E_UNKNOWN_ID");
});

test("two commands that send the same file at once have an upload each", async () => {
  const { uploads } = await startUploads();
  const one = await uploads.begin(wanted);
  await uploads.append(one.sourceId, firstPiece(), null);
  const beside = await uploads.begin(wanted);
  expect(beside.offset).toBe(0);
  expect(beside.sourceId).not.toBe(one.sourceId);
  expect((await uploads.append(one.sourceId, rest(), digest)).source).not.toBeNull();
});

test("the same sender comes back to what it left off, and the one before can write no more", async () => {
  const { uploads } = await startUploads([], 0);
  const one = await uploads.begin(wanted);
  await uploads.append(one.sourceId, firstPiece(), null);
  const stuck = codeOf(uploads.append(one.sourceId, appendOf(pieceOf(content, BLOCK), silence()), digest));
  const other = await uploads.begin({ ...wanted, key: "another file" });
  expect(other.offset).toBe(0);
  const two = await uploads.begin(wanted);
  expect(two.offset).toBe(BLOCK);
  expect(await stuck).toBe("E_UPLOAD_OFFSET");
  expect(await codeOf(uploads.append(one.sourceId, rest(), digest))).toBe("E_UNKNOWN_ID");
  const { source } = await uploads.append(two.sourceId, rest(), digest);
  expect(await sha256OfFile(source?.path ?? "")).toBe(digest);
});

test("a whole with another digest is forgotten, and so is what nobody goes on with", async () => {
  const { uploads } = await startUploads();
  const { sourceId } = await uploads.begin(wanted);
  await uploads.append(sourceId, firstPiece(), null);
  expect(await codeOf(uploads.append(sourceId, rest(), null))).toBe("E_MALFORMED");
  const empty = appendOf(pieceOf(content, content.length));
  expect(await codeOf(uploads.append(sourceId, empty, sha256Of("other")))).toBe("E_DIGEST");
  expect(await codeOf(uploads.state(sourceId))).toBe("E_UNKNOWN_ID");
  const left = await uploads.begin(wanted);
  await uploads.append(left.sourceId, firstPiece(), null);
  expect((await stat(join(uploadsDir, `${left.sourceId}.part`))).size).toBe(BLOCK);
  await uploads.expire(0);
  expect(await readdir(uploadsDir)).toEqual([]);
  expect(await codeOf(uploads.begin({ ...wanted, bytes: 0 }))).toBe("E_SOURCE_EMPTY");
  expect(await codeOf(uploads.begin({ ...wanted, bytes: 2 ** 52 }))).toBe("E_NO_SPACE");
});

test("space that one upload has been promised is not promised again, also to those that come at the same moment", async () => {
  const { uploads } = await startUploads();
  const most = Math.floor(0.6 * (await freeBytes(folder)));
  const begin = () => codeOf(uploads.begin({ name: "a.mp4", bytes: most, key: null }));
  const answers = await Promise.all([begin(), begin(), begin()]);
  expect(answers.filter((answer) => answer === "none").length).toBeLessThanOrEqual(1);
  expect(await begin()).toBe(answers.includes("none") ? "E_NO_SPACE" : "none");
  expect(await begin()).toBe("E_NO_SPACE");
});

test("the number of open uploads has an end", async () => {
  const { uploads } = await startUploads();
  const begin = () => codeOf(uploads.begin({ name: "a.mp4", bytes: 1, key: null }));
  for (let count = 0; count < MOST_UPLOADS; count += 1) expect(await begin()).toBe("none");
  expect(await begin()).toBe("E_BUSY");
});

describe("by the tus protocol", () => {
  const tus = (sha256: string | null = null) => ({
    ...wanted,
    key: null,
    tus: { metadata: "filename YQ==", sha256 },
  });
  const bare = (start: number, end = content.length, body?: ReadableStream<Uint8Array>) => ({
    ...appendOf(pieceOf(content, start, end), body),
    digests: null,
    isLast: true,
  });
  /** The bytes from `start` to `end`, and then the connection breaks. */
  const broken = (start: number, end: number) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (start === end) return controller.error(new Error("the connection broke"));
        controller.enqueue(content.subarray(start, end));
        start = end;
      },
    });

  test("every byte that came is kept, over a broken connection and a killed server", async () => {
    const before = await startUploads();
    const { sourceId } = await before.uploads.begin(tus(digest));
    expect(await codeOf(before.uploads.append(sourceId, bare(0, 0, broken(0, 777)), null))).toContain("broke");
    expect(await before.uploads.state(sourceId)).toMatchObject({ offset: 777, isComplete: false });
    expect(await codeOf(before.uploads.append(sourceId, bare(0), null))).toBe("E_UPLOAD_OFFSET");
    const { uploads, sources } = await startUploads();
    const found = await uploads.state(sourceId);
    expect(found).toMatchObject({ offset: 777, tus: { metadata: "filename YQ==" } });
    expect(found.keptUntil?.getTime()).toBeGreaterThan(Date.now() + KEEP_PARTIAL_MS - 60_000);
    expect((await uploads.append(sourceId, bare(777), null)).source).toMatchObject({ sourceId, name: wanted.name });
    expect(await sha256OfFile(sources.get(sourceId).path)).toBe(digest);
    expect(await uploads.state(sourceId)).toMatchObject({ isComplete: true, tus: { metadata: "filename YQ==" } });
  });

  test("whose last byte came just before the end of the server is whole when its sender asks", async () => {
    const before = await startUploads();
    const { sourceId } = await before.uploads.begin(tus());
    const all = bare(0, 0, broken(0, content.length));
    expect(await codeOf(before.uploads.append(sourceId, all, null))).toContain("broke");
    const { uploads, sources } = await startUploads();
    expect(await uploads.state(sourceId)).toMatchObject({ offset: content.length, isComplete: true });
    expect(await sha256OfFile(sources.get(sourceId).path)).toBe(digest);
  });

  test("after a power cut it goes on from what was synced", async () => {
    const before = await startUploads();
    const { sourceId } = await before.uploads.begin(tus());
    await before.uploads.append(sourceId, bare(0, 1000), null);
    expect(await codeOf(before.uploads.append(sourceId, bare(1000, 0, broken(1000, 1500)), null))).toContain("broke");
    const path = join(uploadsDir, `${sourceId}.json`);
    const note = (await Bun.file(path).json()) as { tus: { synced: number; boot: string } };
    expect(note.tus.synced).toBe(1000);
    await writeFile(path, JSON.stringify({ ...note, tus: { ...note.tus, boot: "an earlier one" } }));
    const { uploads } = await startUploads();
    expect(await uploads.state(sourceId)).toMatchObject({ offset: 1000 });
    expect((await uploads.append(sourceId, bare(1000), null)).source).not.toBeNull();
  });

  test("more than was announced is refused and discarded, and so is another digest", async () => {
    const { uploads } = await startUploads();
    const { sourceId: long } = await uploads.begin({ ...tus(), bytes: 1000 });
    expect(await codeOf(uploads.append(long, bare(0), null))).toBe("E_TOO_LARGE");
    const { sourceId: other } = await uploads.begin(tus("0".repeat(64)));
    expect(await codeOf(uploads.append(other, bare(0), null))).toBe("E_DIGEST");
    expect(await readdir(uploadsDir)).toEqual([]);
  });

  test("it is removed in parts and whole, and takes no piece with digests; ours takes none without", async () => {
    const { uploads } = await startUploads();
    const { sourceId } = await uploads.begin(tus());
    expect(await codeOf(uploads.append(sourceId, firstPiece(), null))).toBe("E_UNKNOWN_ID");
    await uploads.append(sourceId, bare(0, 1000), null);
    await uploads.remove(sourceId);
    const { sourceId: whole } = await uploads.begin(tus());
    await uploads.append(whole, bare(0), null);
    await uploads.remove(whole);
    expect(await codeOf(uploads.remove(whole))).toBe("E_UNKNOWN_ID");
    expect(await readdir(uploadsDir)).toEqual([]);
    const { sourceId: ours } = await uploads.begin(wanted);
    expect(await codeOf(uploads.append(ours, bare(0), null))).toBe("E_UNKNOWN_ID");
  });
});

test("the same Idempotency-Key of one owner gives one unfinished upload, at once, later and after a restart", async () => {
  const { uploads } = await startUploads();
  const asked = { ...wanted, key: null, owner: "one", once: { key: "k", requestSha256: "ab" } };
  const both = await Promise.all([uploads.beginOnce(asked), uploads.beginOnce(asked)]);
  expect(both.map(({ isNew }) => isNew)).toEqual([true, false]);
  const [{ sourceId }] = both;
  await uploads.append(sourceId, firstPiece(), null);
  const { uploads: again } = await startUploads();
  expect(await again.beginOnce(asked)).toEqual({ sourceId, offset: BLOCK, isNew: false });
  expect(await codeOf(again.beginOnce({ ...asked, once: { key: "k", requestSha256: "cd" } }))).toBe(
    "E_IDEMPOTENCY_KEY",
  );
  expect((await again.beginOnce({ ...asked, owner: "other" })).isNew).toBe(true);
});
