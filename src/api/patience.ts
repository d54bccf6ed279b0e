// How long a transfer retries when the link to the server breaks: it outlasts a restart of the server and a minute
// without network, and gives up on a server that is gone for good.
import { delay } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";

const GIVE_UP_AFTER_MS = 5 * 60_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;
/** Wrong digests in a row before it gives up. */
const MOST_DAMAGED = 5;

export interface Patience {
  /** After a failure: waits and returns for another try, or throws it. `hasAdvanced`: bytes got through since the last one. */
  pause(thrown: unknown, hasAdvanced: boolean): Promise<void>;
}

export interface PatienceOptions {
  /** Called for the first failure in a row. */
  readonly onBroken?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** For what is worth a retry: broken links, damaged bytes, an upload with another offset than we thought. */
export function createPatience({ onBroken, signal }: PatienceOptions): Patience {
  let brokenAt: number | null = null;
  let waitMs = FIRST_WAIT_MS;
  let damaged = 0;
  return {
    async pause(thrown, hasAdvanced) {
      signal?.throwIfAborted();
      if (hasAdvanced) {
        brokenAt = null;
        waitMs = FIRST_WAIT_MS;
        damaged = 0;
      }
      if (!(thrown instanceof AppError)) throw thrown;
      if (thrown.code === "E_DIGEST") {
        damaged += 1;
        if (damaged >= MOST_DAMAGED) throw thrown;
      } else if (thrown.code === "E_UNREACHABLE" || thrown.code === "E_UPLOAD_OFFSET") {
        if (brokenAt === null && thrown.code === "E_UNREACHABLE") onBroken?.();
        brokenAt ??= performance.now();
        if (performance.now() - brokenAt > GIVE_UP_AFTER_MS) throw thrown;
      } else throw thrown;
      await delay(waitMs, signal);
      signal?.throwIfAborted();
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 1.7);
    },
  };
}
