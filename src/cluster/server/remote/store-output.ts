// Puts one finished output where its job wants it: into a store in parts, with bounded memory, or to a web host by one PUT; and
// looks at what is there before it counts. What has begun is noted on the disk, so that no start leaves parts behind.
import { open, readFile, rm } from "node:fs/promises";
import { z } from "zod";
import { AppError, errnoOf } from "../../../base/errors.ts";
import { writeFileDurably } from "../../../base/files.ts";
import { callPlace } from "./call-place.ts";
import {
  abortMultipart,
  beginMultipart,
  completeMultipart,
  objectFacts,
  openMultiparts,
  putPart,
  type StoredPart,
  sendingMs,
} from "./multipart.ts";
import type { RemotePlace } from "./places.ts";
import type { Reaching } from "./remote-object.ts";

const MIB = 1024 ** 2;
const PARTS_AT_A_TIME = 3;
/** Of the 10,000 that S3 allows. */
const MOST_PARTS = 9000;

export interface FinishedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Storing {
  readonly reach: Reaching;
  /** Path of the note of what has begun. */
  readonly note: string;
  /** Percent. */
  readonly onProgress: (percent: number) => void;
  readonly partBytes?: number;
}

/** `uploadId` null: an upload was asked for, and its id not known yet. */
const noteSchema = z.strictObject({ address: z.string(), uploadId: z.string().nullable() });

function partBytesFor(bytes: number, wanted: number): number {
  return Math.max(wanted, Math.ceil(bytes / MOST_PARTS / MIB) * MIB);
}

/** Errors: E_STORE where it can't be put there or is not there as it was made; E_OUTPUT_EXISTS never: that is asked before. */
export async function storeOutput(
  storing: Storing,
  place: RemotePlace,
  address: string,
  file: FinishedFile,
): Promise<void> {
  if (place.signer === null) return await putWhole(storing, place, file);
  await endEarlier(storing, place);
  await writeFileDurably(storing.note, JSON.stringify({ address, uploadId: null }));
  const uploadId = await beginMultipart(storing.reach, place);
  await writeFileDurably(storing.note, JSON.stringify({ address, uploadId }));
  const md5s: Buffer[] = [];
  const parts = await putParts(storing, place, uploadId, file, md5s);
  const isTaken = await completeMultipart(storing.reach, place, uploadId, parts);
  await requireStored(storing, place, file, wholeEtag(md5s));
  if (!isTaken) await abortMultipart(storing.reach, place, uploadId);
  await rm(storing.note, { force: true });
}

/** As S3 makes it of parts that it did not encrypt with keys of its own. */
function wholeEtag(md5s: readonly Buffer[]): string {
  const digest = new Bun.CryptoHasher("md5").update(Buffer.concat(md5s)).digest("hex");
  return `"${digest}-${md5s.length}"`;
}

async function putParts(
  { reach, onProgress, partBytes = 16 * MIB }: Storing,
  place: RemotePlace,
  uploadId: string,
  file: FinishedFile,
  md5s: Buffer[],
): Promise<StoredPart[]> {
  const size = partBytesFor(file.bytes, partBytes);
  const parts: StoredPart[] = [];
  await using handle = await open(file.path, "r");
  const count = Math.ceil(file.bytes / size);
  const put = async (index: number) => {
    const bytes = new Uint8Array(Math.min(size, file.bytes - index * size));
    for (let filled = 0; filled < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, index * size + filled);
      if (bytesRead === 0) throw new Error(`${file.path} is shorter than it was`);
      filled += bytesRead;
    }
    md5s[index] = new Bun.CryptoHasher("md5").update(bytes).digest() as Buffer;
    parts[index] = await putPart(reach, place, uploadId, { number: index + 1, bytes });
  };
  for (let first = 0; first < count; first += PARTS_AT_A_TIME) {
    onProgress(Math.floor((100 * first) / count));
    const ahead = Array.from({ length: Math.min(PARTS_AT_A_TIME, count - first) }, (_, step) => put(first + step));
    const ended = await Promise.allSettled(ahead); // none may still run when the upload is ended
    for (const each of ended) if (each.status === "rejected") throw each.reason;
  }
  return parts;
}

/** Errors: E_STORE for another size or other bytes. */
async function requireStored({ reach }: Storing, place: RemotePlace, file: FinishedFile, etag: string): Promise<void> {
  const facts = await objectFacts(reach, place);
  if (facts?.bytes === file.bytes && facts.etag === etag) return;
  if (facts?.bytes === file.bytes && (await sha256At(reach, place)) === file.sha256) return;
  throw otherBytes(place);
}

function otherBytes(place: RemotePlace): AppError {
  const hint =
    "`ffcluster jobs retry` stores it again; the output is still on the server, for `ffcluster jobs download`.";
  return new AppError("E_STORE", `${place.shown} is not what was put there`, hint);
}

/** Null: it can't be read. */
async function sha256At(reach: Reaching, place: RemotePlace): Promise<string | null> {
  return await callPlace(reach, place, { method: "GET" }, async (answer, moved) => {
    if (answer.status !== 200) {
      await answer.body?.cancel();
      return null;
    }
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const chunk of answer.body ?? []) {
      moved();
      hasher.update(chunk);
    }
    return hasher.digest("hex");
  });
}

async function putWhole({ reach }: Storing, place: RemotePlace, file: FinishedFile): Promise<void> {
  const headers = { "content-type": "application/octet-stream" };
  const call = { method: "PUT", file: file.path, headers, patienceMs: sendingMs(file.bytes) } as const;
  await callPlace(reach, place, call, async (answer) => {
    await answer.body?.cancel();
    if (answer.ok) return;
    const hint = "Check that the host takes PUT there; for an object store use an s3:// address.";
    throw new AppError("E_STORE", `${place.shown} can't be written (${answer.status})`, hint);
  });
  if ((await sha256At(reach, place)) !== file.sha256) throw otherBytes(place);
}

/** Ends what an earlier try of this job has begun and not finished. */
async function endEarlier({ reach, note }: Storing, place: RemotePlace): Promise<void> {
  const found = await readNote(note);
  if (found === null) return;
  const ids = found.uploadId === null ? await openMultiparts(reach, place) : [found.uploadId];
  for (const id of ids) await abortMultipart(reach, place, id);
  await rm(note, { force: true });
}

async function readNote(note: string): Promise<z.infer<typeof noteSchema> | null> {
  const text = await readFile(note, "utf8").catch((thrown: unknown) => {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    return null;
  });
  return text === null ? null : noteSchema.parse(JSON.parse(text));
}

/** The job will not be stored: ends what has begun of it. */
export async function abandonOutput(storing: Storing, placeOf: (address: string) => RemotePlace): Promise<void> {
  const found = await readNote(storing.note);
  if (found !== null) await endEarlier(storing, placeOf(found.address));
}

/** Before the work: whether the store takes uploads there. Errors: E_STORE, E_OUTPUT_EXISTS. */
export async function requireWritable(reach: Reaching, place: RemotePlace, mayOverwrite: boolean): Promise<void> {
  if (place.signer === null) return;
  if (!mayOverwrite && (await objectFacts(reach, place)) !== null) {
    const hint = "Choose another key, or overwrite it (`submit --force`, `overwrite` in the API).";
    throw new AppError("E_OUTPUT_EXISTS", `${place.shown} exists`, hint);
  }
  await abortMultipart(reach, place, await beginMultipart(reach, place));
}
