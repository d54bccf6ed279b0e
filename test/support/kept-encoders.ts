// What the first client of a run finds out about this machine's encoders is given to those after it, as a client keeps
// it itself from start to start. Its key names the ffmpeg and the devices, so it serves no other.
import { Database } from "bun:sqlite";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../src/base/files.ts";
import { openClientStore } from "../../src/db/client-store.ts";

interface Kept {
  readonly key: string;
  readonly report: string;
}

/** Of one run of scripts/test.mjs; without it every client looks by itself. */
const FOLDER = process.env.FFCLUSTER_TEST_CACHE;
const FILE = FOLDER === undefined || FOLDER === "" ? null : join(FOLDER, "encoders.json");

const databaseIn = (workDir: string) => join(workDir, "db", "client.db");

/** Before a client's first start in `workDir`. */
export async function giveKeptEncoders(workDir: string): Promise<void> {
  if (FILE === null || !(await exists(FILE)) || (await exists(databaseIn(workDir)))) return;
  const rows = JSON.parse(await readFile(FILE, "utf8")) as readonly Kept[];
  const store = openClientStore(workDir);
  for (const { key, report } of rows) store.encoders.set(key, report);
  store.close();
}

/** Once a client is there: what it found. */
export async function keepEncoders(workDir: string): Promise<void> {
  if (FILE === null || (await exists(FILE))) return;
  using database = new Database(databaseIn(workDir), { readonly: true });
  const rows = database.query<Kept, []>("SELECT key, report FROM encoder_reports").all();
  const own = `${FILE}.${process.pid}`;
  await writeFile(own, JSON.stringify(rows));
  await rename(own, FILE);
}
