// Fetches one block of a source from the server, checks its size and digest, and retries within bounds across lost
// connections, corrupted bytes and server restarts. Knows nothing of caches or readers.

import { delay } from "../../../base/clock.ts";
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { createBackoff } from "../../../base/network/backoff.ts";
import { HEADER_SHA256 } from "../../protocol/messages.ts";
import { callRemote, type Remote, readRefusal } from "../link/remote.ts";

export interface FetchPolicy {
  /** From the first failure in a row to giving up: longer than a restart of the server. */
  readonly giveUpMs: number;
  /** Wrong digests before it gives up. */
  readonly maxCorrupt: number;
  readonly firstDelayMs: number;
  /** A try ends when no byte comes for this long. */
  readonly stallMs: number;
}

export const DEFAULT_FETCH_POLICY: FetchPolicy = {
  giveUpMs: 120_000,
  maxCorrupt: 5,
  firstDelayMs: 200,
  stallMs: 15_000,
};

const LONGEST_DELAY_MS = 5000;

type Try =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "corrupt" }
  | { readonly kind: "refused"; readonly error: AppError }
  | { readonly kind: "failed"; readonly reason: string };

export interface WantedBlock {
  readonly sourceId: string;
  readonly number: number;
  readonly bytes: number;
}

/**
 * The bytes of one block, exactly as many as it has.
 * Errors: the server's own refusal (source gone, token), E_DIGEST, E_UNREACHABLE; the abort reason as it is.
 */
export async function fetchBlock(
  remote: Remote,
  block: WantedBlock,
  policy: FetchPolicy,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { sourceId, number, bytes } = block;
  const backoff = createBackoff(policy.firstDelayMs, LONGEST_DELAY_MS);
  let corrupt = 0;
  let failingSince: number | null = null;
  for (;;) {
    const result = await tryOnce(remote, `/api/v1/sources/${sourceId}/blocks/${number}`, bytes, policy, signal);
    signal.throwIfAborted();
    switch (result.kind) {
      case "bytes":
        return result.bytes;
      case "refused":
        throw result.error;
      case "corrupt":
        corrupt += 1;
        if (corrupt >= policy.maxCorrupt) {
          throw new AppError(
            "E_DIGEST",
            `block ${number} of the source came with a wrong digest ${corrupt} times`,
            "The network or a disk damages data; check both.",
          );
        }
        break;
      case "failed":
        failingSince ??= performance.now();
        if (performance.now() - failingSince >= policy.giveUpMs) {
          throw new AppError(
            "E_UNREACHABLE",
            `block ${number} of the source could not be fetched for ${Math.round(policy.giveUpMs / 1000)} s: ${result.reason}`,
            "Check that the server runs and can be reached.",
            { retry: true },
          );
        }
    }
    await delay(backoff.next(), signal);
    signal.throwIfAborted();
  }
}

async function tryOnce(
  remote: Remote,
  path: string,
  expectedBytes: number,
  policy: FetchPolicy,
  signal: AbortSignal,
): Promise<Try> {
  const stall = new AbortController();
  const isStalled = () => stall.abort(new Error(`no byte for ${policy.stallMs} ms`));
  let timer = setTimeout(isStalled, policy.stallMs);
  const moved = () => {
    clearTimeout(timer);
    timer = setTimeout(isStalled, policy.stallMs);
  };
  try {
    const response = await callRemote(remote, path, { signal: AbortSignal.any([signal, stall.signal]) });
    moved();
    if (response.status >= 500 || response.status === 408 || response.status === 429) {
      await response.body?.cancel();
      return { kind: "failed", reason: `the server answered ${response.status}` };
    }
    if (response.status !== 200) {
      const error = await readRefusal(response);
      // The link was lost, and with it the lease: it is given back when the link is there again, or the attempt is stopped.
      if (error.code === "E_STALE_ATTEMPT") return { kind: "failed", reason: error.message };
      return { kind: "refused", error };
    }
    const bytes = await readExactly(response, expectedBytes, moved);
    const isRight = bytes !== null && sha256Of(bytes) === response.headers.get(HEADER_SHA256);
    return isRight ? { kind: "bytes", bytes } : { kind: "corrupt" };
  } catch (thrown) {
    return { kind: "failed", reason: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    clearTimeout(timer);
  }
}

/** Null: the body is longer or shorter than it must be. */
async function readExactly(response: Response, expectedBytes: number, moved: () => void): Promise<Uint8Array | null> {
  if (!response.body) return null;
  const bytes = new Uint8Array(expectedBytes);
  let filled = 0;
  for await (const chunk of response.body) {
    moved();
    if (filled + chunk.length > expectedBytes) return null;
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return filled === expectedBytes ? bytes : null;
}
