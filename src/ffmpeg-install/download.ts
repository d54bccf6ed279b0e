// Downloads a file that is pinned by its SHA-256: resumed after a break, in this run or a later one, and not there under its
// name before its digest is right. What is half there is kept under the digest's name.
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { delay } from "../base/clock.ts";
import { sha256OfFile } from "../base/digest.ts";
import { AppError, errnoOf } from "../base/errors.ts";
import { exists, landFile, writeFileDurably } from "../base/files.ts";
import { silenceWords } from "../base/foreign-answer.ts";
import { asNoSpace } from "../base/no-space.ts";
import { BrokenOff, fetchRest, STALL_MS } from "./fetch-rest.ts";
import { shownUrl } from "./urls.ts";

/** Waits after breaks without a byte between them; after the last one it gives up. */
const WAITS_MS = [500, 2000, 5000, 10_000] as const;
/** Files with a wrong digest in one run: the second has come in one piece, from its first byte. */
const MOST_WRONG = 2;

export interface PinnedFile {
  readonly url: string;
  readonly sha256: string;
  /** Null: not known. */
  readonly bytes: number | null;
}

export interface DownloadOptions {
  /** For what is half there and for what is done. */
  readonly folder: string;
  /** What to do when the host can't be reached or has another file. */
  readonly hint: string;
  readonly signal?: AbortSignal | undefined;
  onBytes?(have: number, total: number | null): void;
  /** The link broke; the download resumes after `have` bytes. */
  onBroken?(have: number): void;
  /** Default: as a person would wait. */
  readonly waitsMs?: readonly number[];
  readonly stallMs?: number;
}

interface Part {
  readonly path: string;
  readonly notePath: string;
}

const noteSchema = z.object({ url: z.string(), validator: z.string().nullable() });

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((thrown: unknown) => {
    if (errnoOf(thrown) === "ENOENT") return null;
    throw thrown;
  });
  return found?.size ?? 0;
}

/** What the same URL called its file; null where another one, or nobody, said so. */
async function validatorOf({ notePath }: Part, url: string): Promise<string | null> {
  try {
    const note = noteSchema.parse(JSON.parse(await readFile(notePath, "utf8")));
    return note.url === url ? note.validator : null;
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT" || thrown instanceof SyntaxError || thrown instanceof z.ZodError) return null;
    throw thrown;
  }
}

async function forget({ path, notePath }: Part): Promise<void> {
  await rm(path, { force: true });
  await rm(notePath, { force: true });
}

function wrongDigest(file: PinnedFile, digest: string, hint: string): AppError {
  const words = `${shownUrl(file.url)} is not the file that is pinned: its sha256 is ${digest}, not ${file.sha256}`;
  return new AppError("E_DIGEST", words, hint);
}

function unreachable({ url }: PinnedFile, thrown: BrokenOff, hint: string): AppError {
  const where = shownUrl(url);
  const words = silenceWords(where, thrown.cause) ?? `${where}: ${thrown.message}`;
  return new AppError("E_DOWNLOAD", words, hint, { cause: thrown, retry: true });
}

/** Nobody answers under that name: a few seconds will not change that. */
function hasNoHost({ cause }: BrokenOff): boolean {
  return /ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|FailedToOpenSocket/.test(
    errnoOf(cause) ?? "",
  );
}

/** Brings the part up to its end. Errors: those of fetchRest, E_DOWNLOAD after the last wait. */
async function complete(file: PinnedFile, part: Part, options: DownloadOptions): Promise<void> {
  const waits = options.waitsMs ?? WAITS_MS;
  let everMoved = false;
  for (let breaks = 0; ; ) {
    if (file.bytes !== null && (await sizeOf(part.path)) > file.bytes) await forget(part);
    const have = await sizeOf(part.path);
    if (have === file.bytes) return;
    let reached = have;
    try {
      await fetchRest({
        ...{ url: file.url, partPath: part.path, have, bytes: file.bytes, hint: options.hint, signal: options.signal },
        validator: await validatorOf(part, file.url),
        stallMs: options.stallMs ?? STALL_MS,
        onBegin: (validator) => writeFileDurably(part.notePath, JSON.stringify({ url: file.url, validator })),
        onBytes: (now, total) => {
          reached = now;
          options.onBytes?.(now, total ?? file.bytes);
        },
      });
      return;
    } catch (thrown) {
      if (!(thrown instanceof BrokenOff)) throw thrown;
      if (thrown.isUseless) await forget(part);
      if (reached > have) {
        breaks = 0;
        everMoved = true;
      }
      const waitMs = !everMoved && breaks > 0 && hasNoHost(thrown) ? undefined : waits[breaks];
      breaks += 1;
      if (waitMs === undefined) throw unreachable(file, thrown, options.hint);
      if (reached > have) options.onBroken?.(reached);
      await delay(waitMs, options.signal);
      options.signal?.throwIfAborted();
    }
  }
}

/**
 * Returns the path of the file, which is whole and has the pinned digest: `folder/SHA256`. One that is there already is
 * checked and taken.
 * Errors: E_DOWNLOAD when the host does not answer or has no such file; E_DIGEST when it has another one; E_NO_SPACE;
 * the reason of `signal`.
 */
export async function downloadPinned(file: PinnedFile, options: DownloadOptions): Promise<string> {
  const { folder, hint, signal } = options;
  await mkdir(folder, { recursive: true });
  const landed = join(folder, file.sha256);
  if (await exists(landed)) {
    if ((await sha256OfFile(landed, 0, undefined, signal)) === file.sha256) return landed;
    await rm(landed, { force: true });
  }
  const part = { path: `${landed}.part`, notePath: `${landed}.part.json` };
  try {
    for (let wrong = 1; ; wrong++) {
      await complete(file, part, options);
      const digest = await sha256OfFile(part.path, 0, undefined, signal);
      if (digest === file.sha256) break;
      // What came in pieces may have come of two files; what came whole is another file.
      await forget(part);
      if (wrong >= MOST_WRONG) throw wrongDigest(file, digest, hint);
    }
    await landFile(part.path, landed);
    await rm(part.notePath, { force: true });
    return landed;
  } catch (thrown) {
    throw asNoSpace(thrown, folder, "Free some space and run this again: the download goes on where it stopped.");
  }
}
