// Receives uploaded sources piece by piece, across cut connections and restarts of the server. An upload is a partial file
// with a note; it becomes a source when it is complete and its digest is right.
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../../base/errors.ts";
import { exists, freeBytes, landFile, removeTree } from "../../../base/files.ts";
import { newId } from "../../../base/ids.ts";
import { isNoSpace } from "../../../base/no-space.ts";
import type { UploadAppend } from "../../../base/upload/resumable-upload.ts";
import { PartialFile } from "../../transfer/partial-file.ts";
import { type KeyedRequest, usedForAnother } from "../access/idempotency-keys.ts";
import type { SourceRecord } from "../job/job-record.ts";
import type { UploadFound } from "../ports.ts";
import { emptySource, type SourceRegistry } from "./source-registry.ts";
import { MOST_UPLOADS, noSpace, RESERVE_BYTES, tooMany, unknownUpload, wrongDigest } from "./upload-errors.ts";
import { currentBoot, UploadFiles, type UploadNote } from "./upload-files.ts";

/** A running sender sends the next piece within milliseconds; after this much silence another may take over its upload. */
const TAKE_OVER_AFTER_MS = 2000;
/** Long enough to resume on the next day what was cut in the night. */
export const KEEP_PARTIAL_MS = 24 * 60 * 60_000;

interface OpenUpload {
  readonly note: UploadNote;
  readonly file: PartialFile;
  finishing: Promise<SourceRecord> | null;
}

export interface UploadWanted {
  readonly name: string;
  readonly bytes: number;
  /** The sender's own name for this file in its current state; null: none. */
  readonly key: string | null;
  /** Id of the sender's token: only the same sender resumes an upload by its key. */
  readonly owner?: string;
  readonly once?: KeyedRequest;
  /** It comes by the tus protocol: without digests of its blocks, and of the whole only where `sha256` names it. */
  readonly tus?: { readonly metadata: string; readonly sha256: string | null };
}

export class SourceUploads {
  readonly #files: UploadFiles;
  readonly #sources: SourceRegistry;
  readonly #open = new Map<string, OpenUpload>();
  /** With a key, by owner and key. */
  readonly #beginning = new Map<string, Promise<unknown>>();
  /** Uploads between the question whether there is space and their file. */
  #admitted = 0;
  #admittedBytes = 0;

  readonly #takeOverAfterMs: number;
  #boot = "";

  constructor(uploadsDir: string, sources: SourceRegistry, takeOverAfterMs = TAKE_OVER_AFTER_MS) {
    this.#files = new UploadFiles(uploadsDir);
    this.#sources = sources;
    this.#takeOverAfterMs = takeOverAfterMs;
  }

  /**
   * At the start: restores the complete and partial uploads of an earlier run of the server, and deletes everything else
   * that belongs to no job.
   */
  async restore(kept: ReadonlySet<string>): Promise<void> {
    const { folder } = this.#files;
    await mkdir(folder, { recursive: true });
    this.#boot = await currentBoot();
    const stay = new Set(kept);
    for (const note of await this.#files.notes()) {
      const whole = this.#files.whole(note);
      if (kept.has(whole)) continue; // it belongs to a job
      await this.#files.dropUnsynced(note, this.#boot);
      const facts = await stat(this.#files.part(note.id)).catch(() => null);
      if (await exists(whole)) await this.#sources.takeUploaded(note.name, whole, note.id, note.owner);
      else if (facts !== null && Date.now() - facts.mtimeMs < KEEP_PARTIAL_MS) await this.#openFile(note);
      else continue;
      for (const path of [whole, this.#files.part(note.id), join(folder, `${note.id}.json`)]) stay.add(path);
    }
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (!stay.has(path)) await removeTree(path);
    }
  }

  /** Opens a new upload, or resumes one that the same sender interrupted. Errors: E_SOURCE_EMPTY, E_NO_SPACE. */
  async begin(wanted: UploadWanted): Promise<{ readonly sourceId: string; readonly offset: number }> {
    if (wanted.bytes === 0) throw emptySource(wanted.name);
    const left = wanted.key === null ? undefined : this.#leftBehind(wanted);
    const { tus, ...rest } = wanted;
    const marks = tus === undefined ? {} : { tus: { ...tus, synced: 0, boot: this.#boot } };
    const note: UploadNote = { id: newId(), ...rest, ...marks };
    if (left === undefined && this.#open.size + this.#admitted >= MOST_UPLOADS) throw tooMany();
    this.#admitted += 1; // before the first await: several that come at once are all counted
    this.#admittedBytes += wanted.bytes;
    try {
      // What is open still has to come, and so has what is being admitted, this one included.
      const free = (await freeBytes(this.#files.folder)) - this.#toCome(left) - (this.#admittedBytes - wanted.bytes);
      const needed = wanted.bytes - (left?.file.offset ?? 0);
      if (free < needed + RESERVE_BYTES) throw noSpace(wanted.bytes, Math.max(0, free));
      return await this.#admit(left, note);
    } finally {
      this.#admitted -= 1;
      this.#admittedBytes -= wanted.bytes;
    }
  }

  /** The unfinished upload that was begun with the same key, if there is one. Errors: E_IDEMPOTENCY_KEY; those of begin. */
  async beginOnce(wanted: UploadWanted & { readonly owner: string; readonly once: KeyedRequest }) {
    const { owner, once } = wanted;
    const name = `${owner} ${once.key}`;
    for (let other = this.#beginning.get(name); other !== undefined; other = this.#beginning.get(name))
      await other.catch(() => undefined); // whoever began it got the error
    const known = [...this.#open.values()].find(({ note }) => note.owner === owner && note.once?.key === once.key);
    if (known !== undefined) {
      if (known.note.once?.requestSha256 !== once.requestSha256) throw usedForAnother(once.key, "source");
      return { sourceId: known.note.id, offset: known.file.offset, isNew: false };
    }
    const beginning = this.begin(wanted);
    this.#beginning.set(name, beginning);
    try {
      return { ...(await beginning), isNew: true };
    } finally {
      this.#beginning.delete(name);
    }
  }

  /** Bytes of other uploads that have not arrived yet. */
  #toCome(except: OpenUpload | undefined): number {
    let bytes = 0;
    for (const upload of this.#open.values()) if (upload !== except) bytes += upload.file.bytes - upload.file.offset;
    return bytes;
  }

  async #admit(left: OpenUpload | undefined, note: UploadNote): Promise<{ sourceId: string; offset: number }> {
    if (left !== undefined) return await this.#takeOver(left, note);
    await this.#openFile(note);
    await this.#files.writeNote(note);
    return { sourceId: note.id, offset: 0 };
  }

  #leftBehind({ key, name, bytes, owner }: UploadWanted): OpenUpload | undefined {
    return [...this.#open.values()].find(
      ({ note, file, finishing }) =>
        note.key === key &&
        note.owner === owner &&
        note.name === name &&
        note.bytes === bytes &&
        finishing === null &&
        file.idleMs >= this.#takeOverAfterMs,
    );
  }

  /** The upload goes on under a new id, so that a holder of the old id can write no more. */
  async #takeOver(left: OpenUpload, note: UploadNote): Promise<{ sourceId: string; offset: number }> {
    this.#open.delete(left.note.id);
    this.#open.set(note.id, { note, file: left.file, finishing: null });
    await this.#files.writeNote(note);
    await left.file.moveTo(this.#files.part(note.id));
    await this.#files.removeNote(left.note.id);
    return { sourceId: note.id, offset: left.file.offset };
  }

  async #openFile(note: UploadNote): Promise<void> {
    const file = await PartialFile.open(this.#files.part(note.id), note.bytes);
    this.#open.set(note.id, { note, file, finishing: null });
  }

  /** Id of the sender's token, of an upload that is open; undefined: it is not, or no sender is known. */
  ownerOf(id: string): string | undefined {
    return this.#open.get(id)?.note.owner;
  }

  /** The file of an upload that is not whole yet, for whoever wants to read its beginning; null: there is none. */
  arrived(id: string): { readonly name: string; readonly path: string; readonly isWhole: false } | null {
    const upload = this.#open.get(id);
    return upload === undefined ? null : { name: upload.note.name, path: upload.file.path, isWhole: false };
  }

  /** How many bytes of an upload have arrived. Ends a request that still appends to it. Errors: E_UNKNOWN_ID. */
  async state(id: string): Promise<UploadFound> {
    const upload = this.#open.get(id);
    if (upload === undefined) {
      const { bytes } = this.#sources.get(id);
      const note = await this.#files.noteOf(id);
      return { offset: bytes, isComplete: true, bytes, tus: note?.tus ?? null, keptUntil: null };
    }
    const { file, note } = upload;
    if (upload.finishing === null) await file.interrupt();
    // Its last bytes came, and then the connection or the server broke: nobody will send more.
    if (note.tus !== undefined && file.offset === file.bytes) await this.#startFinish(upload, note.tus.sha256);
    await upload.finishing;
    const isComplete = upload.finishing !== null;
    const keptUntil = isComplete ? null : new Date(Date.now() + KEEP_PARTIAL_MS - file.idleMs);
    return { offset: file.offset, isComplete, bytes: file.bytes, tus: note.tus ?? null, keptUntil };
  }

  /**
   * Appends a piece. The last one brings the digest of the whole file, and its answer is the source; a piece of a tus upload
   * has no digests, and the last byte makes it whole.
   * Errors: E_UNKNOWN_ID, E_UPLOAD_OFFSET, E_DIGEST (of a block: send it again; of the whole: the upload is discarded),
   * E_TOO_LARGE and E_NO_SPACE (the upload is discarded).
   */
  async append(
    id: string,
    append: UploadAppend,
    sha256: string | null,
  ): Promise<{ readonly offset: number; readonly source: SourceRecord | null }> {
    const upload = this.#open.get(id);
    if (upload === undefined || (append.digests === null) !== (upload.note.tus !== undefined)) throw unknownUpload(id);
    const { file, note } = upload;
    try {
      await file.append(append, { onSynced: (offset) => this.#noteSynced(upload, offset) });
    } catch (thrown) {
      const isTooLong = thrown instanceof AppError && thrown.code === "E_TOO_LARGE";
      if (!isNoSpace(thrown) && !isTooLong) throw thrown;
      await this.#discard(upload);
      throw isTooLong ? thrown : noSpace(note.bytes, 0);
    }
    if (this.#open.get(id) !== upload) throw unknownUpload(id); // another sender took it over meanwhile
    if (!append.isLast || file.offset < file.bytes) return { offset: file.offset, source: null };
    const expected = note.tus === undefined ? sha256 : note.tus.sha256;
    if (note.tus === undefined && expected === null)
      throw new AppError("E_MALFORMED", "the digest of the whole file is missing", "Send it at the end.");
    return { offset: file.bytes, source: await this.#startFinish(upload, expected) };
  }

  async #noteSynced({ note }: OpenUpload, synced: number): Promise<void> {
    if (note.tus === undefined) return;
    await this.#files.writeNote({ ...note, tus: { ...note.tus, synced, boot: this.#boot } });
  }

  #startFinish(upload: OpenUpload, expected: string | null): Promise<SourceRecord> {
    upload.finishing ??= this.#finish(upload, expected);
    return upload.finishing;
  }

  /** `expected`: null where the sender names no digest of the whole. */
  async #finish(upload: OpenUpload, expected: string | null): Promise<SourceRecord> {
    const { note, file } = upload;
    try {
      if (expected !== null && (await file.sha256()) !== expected) {
        await this.#discard(upload);
        throw wrongDigest();
      }
      const whole = this.#files.whole(note);
      await landFile(file.path, whole);
      return await this.#sources.takeUploaded(note.name, whole, note.id, note.owner);
    } finally {
      this.#open.delete(note.id);
    }
  }

  /** Ends an upload, or discards what became of it while no job has it. Errors: E_UNKNOWN_ID. */
  async remove(id: string): Promise<void> {
    const upload = this.#open.get(id);
    if (upload !== undefined && upload.finishing === null) return await this.#discard(upload);
    await upload?.finishing;
    const source = this.#sources.get(id);
    if (source.kind !== "uploaded") throw unknownUpload(id);
    await this.#sources.discard(source);
    await this.#files.removeNote(id);
  }

  async #discard({ note, file }: OpenUpload): Promise<void> {
    this.#open.delete(note.id);
    await file.discard();
    await this.#files.removeNote(note.id);
  }

  /** A job has the source, or it was discarded: the next start need not restore it. */
  async forget(id: string): Promise<void> {
    await this.#files.removeNote(id);
  }

  /** Discards uploads that got no bytes for this long, and the notes of sources that are gone. */
  async expire(afterMs: number): Promise<void> {
    for (const upload of [...this.#open.values()]) {
      if (upload.finishing === null && upload.file.idleMs >= afterMs) await this.#discard(upload);
    }
    for (const { id } of await this.#files.notes()) {
      if (!this.#open.has(id) && this.#sources.find(id) === undefined) await this.#files.removeNote(id);
    }
  }
}
