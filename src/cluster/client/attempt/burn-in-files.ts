// The burn-in files of jobs (subtitles that are rendered into the picture), on this client: fetched once from the
// server, checked by size, digest and what they are, kept while attempts use them.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { delay } from "../../../base/clock.ts";
import { AppError } from "../../../base/errors.ts";
import { landFile, removeTree, tempNameFor } from "../../../base/files.ts";
import { newId } from "../../../base/ids.ts";
import { createBackoff } from "../../../base/network/backoff.ts";
import type { BurnInFileOffer, Offer } from "../../protocol/messages.ts";
import { receiveToFile } from "../../transfer/digest-stream.ts";
import { callRemote, type Remote, readRefusal } from "../link/remote.ts";

/** Enough for a restart of the server, which takes seconds, and for a short break of the network. */
const TRIES = 8;
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 10_000;

export interface BurnInFilesHandle {
  /** Absolute, in the offer's order. */
  readonly paths: readonly string[];
  release(): void;
}

export interface BurnInFiles {
  /** Errors: the server's refusal, E_DIGEST, E_UNREACHABLE; the abort reason as it is. */
  open(offer: Offer, signal: AbortSignal): Promise<BurnInFilesHandle>;
}

interface Kept {
  /** Unique for each fetch, so that removing an old file never disturbs a new one. */
  readonly path: string;
  users: number;
  ready: Promise<string> | null;
}

/** Looks at a file before anything opens it as what it should be. Errors: E_SOURCE_REFUSED. */
export type CheckBurnInFile = (path: string, signal: AbortSignal) => Promise<void>;

/** `folder` is absolute and belongs to this identity; its old content is removed. */
export async function openBurnInFiles(remote: Remote, folder: string, check: CheckBurnInFile): Promise<BurnInFiles> {
  await removeTree(folder);
  const kept = new Map<string, Kept>();

  /** A job's files stay for its next segment, and go when another job's are fetched. */
  const dropUnused = async (wanted: ReadonlySet<string>) => {
    for (const [sha256, { users, path }] of kept) {
      if (users > 0 || wanted.has(sha256)) continue;
      kept.delete(sha256);
      await removeTree(path);
    }
  };
  const hold = (sha256: string): Kept => {
    const known = kept.get(sha256) ?? { path: join(folder, `${newId()}.mkv`), users: 0, ready: null };
    known.users += 1;
    kept.set(sha256, known);
    return known;
  };
  const obtain = async (offer: Offer, number: number, file: BurnInFileOffer, held: Kept, signal: AbortSignal) => {
    for (;;) {
      const ready = held.ready;
      if (ready !== null) {
        const path = await ready.catch(() => null); // the attempt that fetched it may have been stopped: fetch it here
        if (path !== null) return path;
        if (held.ready === ready) held.ready = null;
        signal.throwIfAborted();
        continue;
      }
      const path = `/api/v1/jobs/${offer.jobId}/side-files/${number}`;
      const fetch = { remote, path, file, check };
      const own = fetchFile(fetch, held.path, signal);
      held.ready = own;
      return await own.catch((thrown: unknown) => {
        if (held.ready === own) held.ready = null;
        throw thrown;
      });
    }
  };

  return {
    async open(offer, signal) {
      const files = offer.sideFiles ?? [];
      const held = files.map(({ sha256 }) => hold(sha256));
      const release = () => {
        for (const one of held) one.users -= 1;
      };
      try {
        await dropUnused(new Set(files.map(({ sha256 }) => sha256)));
        const paths: string[] = [];
        for (const [number, file] of files.entries()) {
          const one = held[number];
          if (one !== undefined) paths.push(await obtain(offer, number, file, one, signal));
        }
        return { paths, release };
      } catch (thrown) {
        release();
        throw thrown;
      }
    },
  };
}

interface Fetch {
  readonly remote: Remote;
  readonly path: string;
  readonly file: BurnInFileOffer;
  readonly check: CheckBurnInFile;
}

async function fetchFile(fetch: Fetch, target: string, signal: AbortSignal): Promise<string> {
  const backoff = createBackoff(FIRST_DELAY_MS, LONGEST_DELAY_MS);
  await mkdir(dirname(target), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const problem = await tryOnce(fetch, target, signal);
    if (problem === null) return target;
    signal.throwIfAborted();
    if (!problem.retry || attempt >= TRIES) throw problem;
    await delay(backoff.next(), signal);
    signal.throwIfAborted();
  }
}

async function tryOnce(
  { remote, path, file, check }: Fetch,
  target: string,
  signal: AbortSignal,
): Promise<AppError | null> {
  const temporary = tempNameFor(target);
  try {
    const response = await callRemote(remote, path, { signal });
    if (response.status !== 200 || response.body === null) {
      const refusal = await readRefusal(response);
      const isPassing = response.status >= 500 || response.status === 408 || response.status === 429;
      const retry = isPassing || refusal.code === "E_STALE_ATTEMPT"; // the lease comes back with the link
      return new AppError(refusal.code, refusal.message, refusal.hint, { retry });
    }
    const received = await receiveToFile(response.body, temporary, { expectedBytes: file.bytes, signal });
    if (received.sha256 !== file.sha256) {
      const hint = "The network or a disk damages data; check both.";
      return new AppError("E_DIGEST", "a subtitle file came with a wrong digest", hint, { retry: true });
    }
    await check(temporary, signal);
    await landFile(temporary, target);
    return null;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const hint = "Check that the server runs and can be reached.";
    return new AppError("E_UNREACHABLE", `a subtitle file could not be fetched: ${reason}`, hint, { retry: true });
  } finally {
    await removeTree(temporary);
  }
}
