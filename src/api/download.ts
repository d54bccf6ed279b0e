// Downloads a finished output: to a temp name next to the target, resumed by range when the link breaks, digest checked,
// then renamed. Nothing appears under the target's name unless it is whole.
import { open, rm } from "node:fs/promises";
import { AppError, errnoOf } from "../base/errors.ts";
import { landFile, landNewFile, tempNameFor } from "../base/files.ts";
import { openElsewhere } from "../base/windows/busy-files.ts";
import { writeAll } from "../base/write-all.ts";
import type { ApiClient } from "./client.ts";
import { API_PREFIX } from "./contract.ts";
import { call } from "./http-call.ts";
import { createPatience, type Patience } from "./patience.ts";

/** After this long without a byte the connection is dead, whatever the socket says. */
const STALL_MS = 20_000;
/** Complete downloads with a wrong digest before we give up: only the whole has a digest, so a flipped byte costs all of it. */
const MOST_WHOLES = 2;

export interface WantedOutput {
  readonly jobId: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface DownloadTarget {
  readonly path: string;
  /** False: a file that has appeared under that name in the meantime stays. */
  readonly mayOverwrite: boolean;
}

export interface DownloadWatcher {
  onBytes(have: number): void;
  /** The link broke; the download resumes after `have` bytes. */
  onBroken?(have: number): void;
}

/**
 * Errors: E_DIGEST when the bytes are not those the server named, E_UNREACHABLE after five minutes without a byte,
 * E_OUTPUT_EXISTS, E_NO_SPACE, E_OUTPUT.
 */
export async function downloadOutput(
  client: ApiClient,
  output: WantedOutput,
  target: DownloadTarget,
  watcher: DownloadWatcher,
  signal?: AbortSignal,
): Promise<void> {
  const tempPath = tempNameFor(target.path);
  try {
    for (let wholes = 1; ; wholes++) {
      if ((await fetchWhole(client, output, tempPath, watcher, signal)) === output.sha256) break;
      if (wholes >= MOST_WHOLES) throw wrongDigest(output.jobId);
    }
    if (target.mayOverwrite) await landFile(tempPath, target.path);
    else if (!(await landNewFile(tempPath, target.path))) throw outputExists(target.path, output.jobId);
  } catch (thrown) {
    await rm(tempPath, { force: true });
    throw diskError(thrown, target.path, output.jobId);
  }
}

/** For a name that was taken while the job ran, by another submit perhaps. */
export function outputExists(path: string, jobId: string): AppError {
  const hint = `\`ffcluster jobs download ${jobId} -o FILE\` gets the result under another name.`;
  return new AppError("E_OUTPUT_EXISTS", `${path} exists`, hint);
}

const DISK_ERRNOS = /^E(ACCES|PERM|ROFS|NOENT|NOTDIR|ISDIR|IO|NAMETOOLONG|BUSY)$/;

/** Turns an error of this machine's disk into one that a user can act on; any other is returned as it is. */
function diskError(thrown: unknown, path: string, jobId: string): unknown {
  const errno = thrown instanceof AppError ? null : errnoOf(thrown);
  const again = `\`ffcluster jobs download ${jobId} -o FILE\``;
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new AppError("E_NO_SPACE", `no space for ${path}`, `Free some space, then ${again}.`, { cause: thrown });
  }
  if (errno === null || !DISK_ERRNOS.test(errno)) return thrown;
  const hint = `The result waits on the server: ${again}.`;
  return new AppError("E_OUTPUT", `${path} cannot be written (${errno})${openElsewhere(thrown)}`, hint, {
    cause: thrown,
  });
}

/** Returns the digest of what arrived. */
async function fetchWhole(
  client: ApiClient,
  output: WantedOutput,
  tempPath: string,
  watcher: DownloadWatcher,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  let have = 0;
  let haveBefore = 0;
  const patience: Patience = createPatience({ onBroken: () => watcher.onBroken?.(have), signal });
  const file = await open(tempPath, "w");
  try {
    while (have < output.bytes) {
      try {
        for await (const chunk of bodyFrom(client, output, have, signal)) {
          if (have + chunk.length > output.bytes) throw wrongDigest(output.jobId);
          await writeAll(file, chunk, have);
          hasher.update(chunk);
          have += chunk.length;
          watcher.onBytes(have);
        }
        if (have < output.bytes) throw cutShort(undefined);
      } catch (thrown) {
        signal?.throwIfAborted();
        const hasAdvanced = have > haveBefore;
        haveBefore = have;
        await patience.pause(isLinkFailure(thrown) ? cutShort(thrown) : thrown, hasAdvanced);
      }
    }
  } finally {
    await file.close();
  }
  return hasher.digest("hex");
}

/** Yields the rest of the output; fails when no byte arrives for too long. */
async function* bodyFrom(
  client: ApiClient,
  output: WantedOutput,
  have: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const path = `${API_PREFIX}/jobs/${encodeURIComponent(output.jobId)}/output`;
  const headers: Record<string, string> =
    have === 0 ? {} : { range: `bytes=${have}-`, "if-range": `"${output.sha256}"` };
  const stall = new AbortController();
  const stalled = () => stall.abort(cutShort(undefined));
  let timer = setTimeout(stalled, STALL_MS);
  try {
    const both = signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]);
    const response = await call(client.connection, path, { headers, signal: both });
    if (have > 0 && response.status !== 206) throw wrongDigest(output.jobId);
    for await (const chunk of response.body ?? []) {
      clearTimeout(timer);
      yield chunk;
      timer = setTimeout(stalled, STALL_MS);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Errors of our own disk must not be retried; a broken link has no errno of a file. */
function isLinkFailure(thrown: unknown): boolean {
  if (thrown instanceof AppError) return false;
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
  return /ECONNRESET|Connection|EPIPE|ERR_|ETIMEDOUT|UNEXPECTED_EOF/i.test(code);
}

function cutShort(cause: unknown): AppError {
  const hint = "Check that the server runs and can be reached.";
  return new AppError("E_UNREACHABLE", "the download broke off", hint, { cause, retry: true });
}

function wrongDigest(jobId: string): AppError {
  const hint = `Get it again with \`ffcluster jobs download ${jobId} -o FILE\`.`;
  return new AppError("E_DIGEST", "the downloaded file is not the one the server named", hint);
}
