// How long a transfer goes on trying when the link to the server breaks: a server that restarts and a line that is cut
// for a minute are waited for, a server that has gone for good is not.
import { delay } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";

const GIVE_UP_AFTER_MS = 5 * 60_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;
/** Wrong digests in a row that are taken for bad luck. */
const MOST_DAMAGED = 5;

export interface Patience {
  /** After a failure: waits and returns to go on, throws it when there is no use. `hasAdvanced`: bytes got through. */
  pause(thrown: unknown, hasAdvanced: boolean): Promise<void>;
}

export interface PatienceOptions {
  /** Told of the first failure in a row. */
  readonly onBroken?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** For what may be tried again: broken links, damaged bytes, an upload that stands elsewhere than thought. */
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
