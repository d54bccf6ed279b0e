// What the first client of a run finds out about this machine's encoders is given to those after it, as a client keeps
// it itself from start to start. Its key names the ffmpeg and the devices, so it serves no other; a wrapper that answers
// as the ffmpeg that it wraps is given the same under its own key. Of clients that start at one time one looks, which
// takes 25 starts of ffmpeg, and the others wait for it.
import { Database } from "bun:sqlite";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../src/base/errors.ts";
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

/** How long a client waits for the one that looks; then it looks by itself. */
const LOOKED_WITHIN_MS = 60_000;
const PAUSE_MS = 50;

const isWrapper = async ({ FFCLUSTER_FFMPEG_DIR: folder }: Environment) =>
  folder !== undefined && (await answersAsTheRealOne(folder));

/** Exclusive among processes. False: somebody else has it. */
async function take(lock: string): Promise<boolean> {
  try {
    await mkdir(lock);
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === "EEXIST") return false;
    throw thrown;
  }
}

/** True: nobody knows, and this client is the one that looks. What a wrapper finds is not kept, so it only waits. */
async function isToLook(file: string, env: Environment): Promise<boolean> {
  const lock = `${file}.looking`;
  const mayLook = !(await isWrapper(env));
  for (let waited = 0; !(await exists(file)) && waited < LOOKED_WITHIN_MS; waited += PAUSE_MS) {
    if (mayLook ? await take(lock) : !(await exists(lock))) return mayLook;
    await Bun.sleep(PAUSE_MS);
  }
  return false;
}

async function give(file: string, workDir: string, folder: string | undefined): Promise<void> {
  const rows = JSON.parse(await readFile(file, "utf8")) as readonly Kept[];
  const store = openClientStore(workDir);
  for (const { key, report } of rows) {
    store.encoders.set(folder === undefined ? key : await keyFor(join(folder, "ffmpeg"), key), report);
  }
  store.close();
}

/** Before a client's first start in `workDir` with variables `env` of its own. */
export async function giveKeptEncoders(workDir: string, env: Environment): Promise<void> {
  const file = await fileFor(env);
  if (file === null || !(await exists(file)) || (await exists(databaseIn(workDir)))) return;
  await give(file, workDir, env.FFCLUSTER_FFMPEG_DIR);
}

/** What the client found that is there now. */
async function keep(file: string, workDir: string): Promise<void> {
  using database = new Database(databaseIn(workDir), { readonly: true });
  const rows = database.query<Kept, []>("SELECT key, report FROM encoder_reports").all();
  const own = `${file}.${process.pid}`;
  await writeFile(own, JSON.stringify(rows));
  await rename(own, file);
}

/** Starts a client in `workDir` and waits until it is there: with what others found, or the others get what it finds. */
export async function withKeptEncoders<T>(workDir: string, env: Environment, start: () => Promise<T>): Promise<T> {
  const file = await fileFor(env);
  if (file === null || (await exists(databaseIn(workDir)))) return await start();
  const looks = await isToLook(file, env);
  try {
    if (!looks) await giveKeptEncoders(workDir, env);
    const started = await start();
    if (looks) await keep(file, workDir);
    return started;
  } finally {
    if (looks) await rm(`${file}.looking`, { recursive: true });
  }
}
