// What the first client of a run finds out about this machine's encoders is given to those after it, as a client keeps
// it itself from start to start. Its key names the ffmpeg and the devices, so it serves no other; a wrapper that answers
// as the ffmpeg that it wraps is given the same under its own key.
import { Database } from "bun:sqlite";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../src/base/files.ts";
import { openClientStore } from "../../src/db/client-store.ts";
import { emulatedEncoderIn } from "./emulated-hardware.ts";
import { answersAsTheRealOne } from "./wrong-ffmpeg.ts";

interface Kept {
  readonly key: string;
  readonly report: string;
}

type Environment = Readonly<Record<string, string>>;

/** Of one run of scripts/test.mjs; without it every client looks by itself. */
const FOLDER = process.env.FFCLUSTER_TEST_CACHE;

const databaseIn = (workDir: string) => join(workDir, "db", "client.db");

/** Where the encoders of all ffmpegs that answer alike are kept; null: this one answers as no other does. */
async function fileFor({ FFCLUSTER_FFMPEG_DIR: folder }: Environment): Promise<string | null> {
  if (FOLDER === undefined || FOLDER === "") return null;
  if (folder === undefined || (await answersAsTheRealOne(folder))) return join(FOLDER, "encoders.json");
  const emulated = await emulatedEncoderIn(folder);
  return emulated === null ? null : join(FOLDER, `encoders-${emulated}.json`);
}

/** The key with another program's path, size and moment; as src/hw/detect.ts writes it, else the client looks by itself. */
async function keyFor(ffmpeg: string, key: string): Promise<string> {
  const parts = JSON.parse(key) as unknown[];
  const { size, mtimeMs } = await stat(ffmpeg);
  const [version, host, , name, , , ...rest] = parts;
  return JSON.stringify([version, host, ffmpeg, name, size, mtimeMs, ...rest]);
}

/** Before a client's first start in `workDir` with variables `env` of its own. */
export async function giveKeptEncoders(workDir: string, env: Environment): Promise<void> {
  const file = await fileFor(env);
  if (file === null || !(await exists(file)) || (await exists(databaseIn(workDir)))) return;
  const folder = env.FFCLUSTER_FFMPEG_DIR;
  const rows = JSON.parse(await readFile(file, "utf8")) as readonly Kept[];
  const store = openClientStore(workDir);
  for (const { key, report } of rows) {
    store.encoders.set(folder === undefined ? key : await keyFor(join(folder, "ffmpeg"), key), report);
  }
  store.close();
}

/** Once a client is there: what it found. */
export async function keepEncoders(workDir: string, env: Environment): Promise<void> {
  const file = await fileFor(env);
  const isWrapper = env.FFCLUSTER_FFMPEG_DIR !== undefined && (await answersAsTheRealOne(env.FFCLUSTER_FFMPEG_DIR));
  if (file === null || isWrapper || (await exists(file))) return;
  using database = new Database(databaseIn(workDir), { readonly: true });
  const rows = database.query<Kept, []>("SELECT key, report FROM encoder_reports").all();
  const own = `${file}.${process.pid}`;
  await writeFile(own, JSON.stringify(rows));
  await rename(own, file);
}
