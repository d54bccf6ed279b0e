// The files of an upload until a job uses it: the partial or whole file, and the note from which a restarted server
// resumes it. Handles names and notes, not the bytes.
import { open, readdir, readFile, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { z } from "zod";
import { errnoOf } from "../../../base/errors.ts";
import { writeFileDurably } from "../../../base/files.ts";

const noteSchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  bytes: z.number().int().positive(),
  /** The sender's own name for the file in that state; null: only a sender with the id can resume this upload. */
  key: z.string().nullable(),
  /** Id of the sender's token; absent in notes of earlier versions. */
  owner: z.string().optional(),
  /** The `Idempotency-Key` that it was begun with. */
  once: z.strictObject({ key: z.string(), requestSha256: z.string() }).optional(),
  /** Of an upload by the tus protocol, whose bytes come without digests. */
  tus: z
    .strictObject({
      /** `Upload-Metadata` as it came. */
      metadata: z.string(),
      /** Of the whole file, where the sender names it. */
      sha256: z.string().nullable(),
      /** No power cut takes these bytes. */
      synced: z.number().int().nonnegative(),
      /** Of the system's run in which the note was written. */
      boot: z.string(),
    })
    .optional(),
});
export type UploadNote = z.infer<typeof noteSchema>;

const NOTE = /^([0-9a-f-]{36})\.json$/;

export class UploadFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  part(id: string): string {
    return join(this.folder, `${id}.part`);
  }

  /** The whole file. It keeps its extension, by which ffmpeg recognises some containers. */
  whole({ id, name }: Pick<UploadNote, "id" | "name">): string {
    const extension = /^\.[A-Za-z0-9]{1,8}$/.exec(extname(name))?.[0] ?? "";
    return join(this.folder, `${id}${extension === ".part" || extension === ".json" ? "" : extension}`);
  }

  #note(id: string): string {
    return join(this.folder, `${id}.json`);
  }

  async writeNote(note: UploadNote): Promise<void> {
    await writeFileDurably(this.#note(note.id), JSON.stringify(note));
  }

  async removeNote(id: string): Promise<void> {
    await rm(this.#note(id), { force: true });
  }

  async noteOf(id: string): Promise<UploadNote | null> {
    return await this.#read(`${id}.json`);
  }

  async #read(name: string): Promise<UploadNote | null> {
    const text = await readFile(join(this.folder, name), "utf8").catch(nullIfAbsent);
    const parsed = noteSchema.safeParse(text === null ? null : readJson(text));
    return parsed.success && `${parsed.data.id}.json` === name ? parsed.data : null;
  }

  /** After a power cut a file may have its new size and not its new bytes: what was not synced before it is dropped. */
  async dropUnsynced({ id, tus }: UploadNote, boot: string): Promise<void> {
    if (tus === undefined || (boot !== "" && tus.boot === boot)) return;
    const file = await open(this.part(id), "r+").catch(nullIfAbsent);
    if (file === null) return;
    try {
      if ((await file.stat()).size > tus.synced) await file.truncate(tus.synced);
    } finally {
      await file.close();
    }
  }

  /** All readable notes; the others are ignored. */
  async notes(): Promise<UploadNote[]> {
    const found: UploadNote[] = [];
    for (const name of await readdir(this.folder)) {
      const note = NOTE.test(name) ? await this.#read(name) : null;
      if (note !== null) found.push(note);
    }
    return found;
  }
}

function nullIfAbsent(thrown: unknown): null {
  if (errnoOf(thrown) === "ENOENT") return null;
  throw thrown;
}

/** Names this run of the system; empty where it does not say, which stands for another one each time. */
export async function currentBoot(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
