// What was installed, beside it as `installed.json`: where it came from and the digest of each file. And which builds there
// are, and the one in use.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { sha256OfFile } from "../base/digest.ts";
import { errnoOf } from "../base/errors.ts";
import { writeFileDurably } from "../base/files.ts";
import { CURRENT_FILE, currentBuild } from "../media/ffmpeg/installed/current-build.ts";
import type { PinnedBuild } from "./lock.ts";

export const RECORD_FILE = "installed.json";
/** Of a build that is being unpacked. */
export const STAGING_PREFIX = ".new-";

const recordSchema = z.object({
  format: z.literal(1),
  source: z.string(),
  version: z.string(),
  licence: z.string(),
  source_code: z.string(),
  platform: z.string(),
  archives: z.array(z.object({ url: z.string(), sha256: z.string() })),
  /** As the programs say it. */
  ffmpeg_version: z.string(),
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
  installed_at: z.string(),
});
export type InstallRecord = z.infer<typeof recordSchema>;

export interface InstalledBuild {
  /** Absolute. */
  readonly folder: string;
  readonly name: string;
  readonly isCurrent: boolean;
  readonly record: InstallRecord;
}

/** Null: no build of ours is in that folder. */
async function readRecord(folder: string): Promise<InstallRecord | null> {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(await readFile(join(folder, RECORD_FILE), "utf8")));
    return parsed.success ? parsed.data : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || ["ENOENT", "ENOTDIR"].includes(errnoOf(thrown) ?? "")) return null;
    throw thrown;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return [];
    throw thrown;
  }
}

/** `store`: the folder of all builds. */
export async function listInstalled(store: string): Promise<readonly InstalledBuild[]> {
  const current = await currentBuild(store);
  const found: InstalledBuild[] = [];
  for (const name of await namesIn(store)) {
    if (name.startsWith(".")) continue;
    const folder = join(store, name);
    const record = await readRecord(folder);
    if (record !== null) found.push({ folder, name, isCurrent: name === current, record });
  }
  return found;
}

/** Names of folders that an install left behind when it was killed. */
export async function leftBehind(store: string): Promise<readonly string[]> {
  return (await namesIn(store)).filter((name) => name.startsWith(STAGING_PREFIX));
}

export async function makeCurrent(store: string, name: string): Promise<void> {
  await writeFileDurably(join(store, CURRENT_FILE), `${JSON.stringify({ folder: name })}\n`);
}

/** Whether a build has exactly the archives that are pinned. */
export function isOf({ record }: InstalledBuild, build: PinnedBuild): boolean {
  const digests = (archives: readonly { readonly sha256: string }[]) => archives.map(({ sha256 }) => sha256).join();
  return digests(record.archives) === digests(build.archives);
}

export interface FileVerdict {
  readonly name: string;
  readonly verdict: "ok" | "changed" | "missing";
}

/** Hashes every file of a build again. */
export async function verifyBuild({ folder, record }: InstalledBuild, signal?: AbortSignal): Promise<FileVerdict[]> {
  const verdicts: FileVerdict[] = [];
  for (const { name, sha256 } of record.files) {
    const digest = await sha256OfFile(join(folder, name), 0, undefined, signal).catch((thrown: unknown) => {
      if (["ENOENT", "EACCES", "EIO"].includes(errnoOf(thrown) ?? "")) return null;
      throw thrown;
    });
    verdicts.push({ name, verdict: digest === null ? "missing" : digest === sha256 ? "ok" : "changed" });
  }
  return verdicts;
}

export async function isIntact(build: InstalledBuild, signal?: AbortSignal): Promise<boolean> {
  return (await verifyBuild(build, signal)).every(({ verdict }) => verdict === "ok");
}
