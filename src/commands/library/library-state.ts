// What is known of each source of a library from earlier runs: a file of lines in the output folder, one JSON object each, of
// which the last one of a source counts. A line is on the disk before the work goes on, so a kill at any moment loses nothing.
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { createJobSchema } from "../../api/contract.ts";
import { AppError, errnoOf } from "../../base/errors.ts";

export const STATE_FILE = ".ffcluster-library.jsonl";

const resultSchema = z.object({
  kind: z.enum(["encoded", "kept-source", "replaced", "failed"]),
  /** Of the output as it was left. */
  bytes: z.number(),
  mtime_ms: z.number(),
});

const entrySchema = z.object({
  /** Absolute path. */
  source: z.string(),
  bytes: z.number(),
  mtime_ms: z.number(),
  sha256: z.string(),
  /** What was asked, as a digest. */
  request: z.string(),
  /** Path below the library's folder, with `/`. */
  output: z.string(),
  /** What the server was asked for, with the key under which it makes that job once; null: it has answered. */
  asked: z.object({ server: z.string(), key: z.string(), job: createJobSchema }).nullable(),
  /** The job that was made of it; null: none yet. */
  job: z.object({ server: z.string(), id: z.string() }).nullable(),
  /** Null: not at its end yet. */
  result: resultSchema.nullable(),
  /** Of an earlier state of the source, whose output the new one replaces; null: there was none. */
  former: resultSchema.nullable(),
  /** The output takes the source's place now: what is known of it, and where the source goes. Null: it does not. */
  replacing: z.object({ bytes: z.number(), mtime_ms: z.number(), trash: z.string() }).nullable(),
});
export type LibraryResult = Readonly<z.infer<typeof resultSchema>>;
export type LibraryEntry = Readonly<z.infer<typeof entrySchema>>;

/** A line that a kill cut off is no entry. */
function entryOf(line: string): LibraryEntry | null {
  try {
    const parsed = entrySchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

export class LibraryState {
  readonly #path: string;
  readonly #entries = new Map<string, LibraryEntry>();
  readonly #byOutput = new Map<string, LibraryEntry>();
  /** The file does not end with a line's end. */
  #isCut = false;
  #written: Promise<void> = Promise.resolve();

  private constructor(path: string) {
    this.#path = path;
  }

  /** Errors: E_USAGE where the file can't be read. */
  static async open(path: string): Promise<LibraryState> {
    const state = new LibraryState(path);
    let text = "";
    try {
      text = await readFile(path, "utf8");
    } catch (thrown) {
      if (errnoOf(thrown) !== "ENOENT") throw unusable(path, thrown);
    }
    state.#isCut = text !== "" && !text.endsWith("\n");
    for (const line of text.split("\n")) {
      const entry = line === "" ? null : entryOf(line);
      if (entry !== null) state.#take(entry);
    }
    return state;
  }

  get(source: string): LibraryEntry | null {
    return this.#entries.get(source) ?? null;
  }

  /** The entry whose output has this path below the library's folder; null: none has. */
  byOutput(output: string): LibraryEntry | null {
    return this.#byOutput.get(output) ?? null;
  }

  entries(): Iterable<LibraryEntry> {
    return this.#entries.values();
  }

  /** Resolves once the entry is on the disk. */
  async put(entry: LibraryEntry): Promise<void> {
    this.#take(entry);
    const written = this.#written.then(() => this.#append(entry));
    this.#written = written.catch(() => {}); // it fails for whoever put the entry, not for the next one
    await written;
  }

  #take(entry: LibraryEntry): void {
    this.#entries.set(entry.source, entry);
    this.#byOutput.set(entry.output, entry);
  }

  async #append(entry: LibraryEntry): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const file = await open(this.#path, "a");
      try {
        await file.appendFile(`${this.#isCut ? "\n" : ""}${JSON.stringify(entry)}\n`);
        this.#isCut = false;
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (thrown) {
      this.#isCut = true; // a part of the line may be there
      throw unusable(this.#path, thrown);
    }
  }
}

function unusable(path: string, thrown: unknown): AppError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const hint = "It remembers what was done; choose a folder that can be written.";
  return new AppError("E_USAGE", `${path} can't be used: ${reason}`, hint, { cause: thrown });
}
