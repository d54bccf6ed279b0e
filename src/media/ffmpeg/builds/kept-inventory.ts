// Keeps what a build of ffmpeg lists in a file, so that the next start of a server asks for none of it. What was kept counts
// for the same program file alone, and for a week at most, since its libraries may be other files.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { writeFileDurably } from "../../../base/files.ts";
import { identityOf } from "./build-facts.ts";
import type { Inventory } from "./inventory.ts";

/** Raised when the lists are read otherwise, so that what was kept becomes invalid. */
const KEPT_VERSION = 1;
const KEEP_MS = 7 * 24 * 3600 * 1000;
const OWNER_ONLY = 0o600;

const namesSchema = z.array(z.string()).transform((names) => new Set(names));
const keptSchema = z.strictObject({
  key: z.string(),
  decodes: namesSchema,
  encoders: namesSchema,
  filters: namesSchema,
});

interface Build {
  readonly ffmpeg: string;
  readonly version: string;
}

async function keyOf({ ffmpeg, version }: Build): Promise<string> {
  return JSON.stringify([KEPT_VERSION, version, await identityOf(ffmpeg), Math.floor(Date.now() / KEEP_MS)]);
}

/** Null: nothing that is whole and of this build. */
async function readKept(file: string, key: string): Promise<Inventory | null> {
  const text = await readFile(file, "utf8").catch(() => null); // it is made anew
  if (text === null) return null;
  const parsed = keptSchema.safeParse(jsonIn(text));
  if (!parsed.success || parsed.data.key !== key) return null;
  const { decodes, encoders, filters } = parsed.data;
  return { decodes, encoders, filters };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // half a file, which counts as none
  }
}

/** What `file` keeps of this build, or what `find` finds, which is kept then. Errors: those of `find`. */
export async function keptInventory(file: string, build: Build, find: () => Promise<Inventory>): Promise<Inventory> {
  const key = await keyOf(build);
  const kept = await readKept(file, key);
  if (kept !== null) return kept;
  const found = await find();
  const text = JSON.stringify({ key, ...found }, (_, value: unknown) => (value instanceof Set ? [...value] : value));
  await writeFileDurably(file, text, OWNER_ONLY).catch(() => undefined); // on a full disk it is asked again next time
  return found;
}
