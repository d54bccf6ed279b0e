// The files of an upload until a job uses it: the partial or whole file, and the note from which a restarted server
// resumes it. Handles names and notes, not the bytes.
import { readdir, readFile, rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { z } from "zod";
import { writeFileDurably } from "../../../base/files.ts";

const noteSchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  bytes: z.number().int().positive(),
  /** The sender's own name for the file in that state; null: only a sender with the id can resume this upload. */
  key: z.string().nullable(),
  /** Id of the sender's token; absent in notes of earlier versions. */
  owner: z.string().optional(),
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

  /** All readable notes; the others are ignored. */
  async notes(): Promise<UploadNote[]> {
    const found: UploadNote[] = [];
    for (const name of await readdir(this.folder)) {
      if (!NOTE.test(name)) continue;
      const text = await readFile(join(this.folder, name), "utf8");
      const parsed = noteSchema.safeParse(readJson(text));
      if (parsed.success && `${parsed.data.id}.json` === name) found.push(parsed.data);
    }
    return found;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
