// A bound on silence: reads of a stream that end when no byte moves for too long, or when somebody stops them.
import { AppError } from "../../base/errors.ts";

/** No byte for this long ends a transfer; above any pause of a healthy network, below a person's patience. */
export const DEFAULT_STALL_MS = 60_000;

export interface StallGuard {
  /** Bytes moved: the clock starts again. */
  moved(): void;
  /** The promise, or the stall or abort that comes first. */
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
    // A promise of its own each time: Promise.race with one that lives as long as the transfer would keep every chunk.
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
