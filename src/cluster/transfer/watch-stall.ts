// A bound on silence: reads of a stream end when no byte moves for too long, or when they are aborted.
import { AppError } from "../../base/errors.ts";

/** A transfer without a byte for this long ends: longer than any pause of a healthy network. */
export const DEFAULT_STALL_MS = 60_000;

export interface StallGuard {
  /** Bytes moved: the timeout starts again. */
  moved(): void;
  /** Settles like the promise, or rejects if a stall or an abort comes first. */
  race<T>(promise: Promise<T>): Promise<T>;
  end(): void;
}

function stalled(stallMs: number): AppError {
  return new AppError("E_UNREACHABLE", `no byte moved for ${stallMs} ms`, "Check the network, then try again.", {
    retry: true,
  });
}

export function watchStall(
  stallMs: number,
  signal: AbortSignal | undefined,
  onStop: (reason: unknown) => void,
): StallGuard {
  let stopped: { readonly reason: unknown } | null = null;
  let rejectCurrent: ((reason: unknown) => void) | null = null;
  const stop = (reason: unknown) => {
    stopped ??= { reason };
    rejectCurrent?.(reason);
    onStop(reason);
  };
  let timer = setTimeout(() => stop(stalled(stallMs)), stallMs);
  const onAbort = () => stop(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    moved() {
      clearTimeout(timer);
      timer = setTimeout(() => stop(stalled(stallMs)), stallMs);
    },
    // A new promise each time: Promise.race with one that lives as long as the transfer would keep every chunk in
    // memory.
    race: (promise) =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(stopped.reason);
        rejectCurrent = reject;
        promise.then(resolve, reject);
      }),
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}
