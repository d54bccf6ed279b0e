// Calls that outlast a restart of the server, and a server that is busy.
import { createPatience } from "../../api/patience.ts";
import { delay } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";

const BUSY_PAUSE_MS = 5000;

/** Errors: E_UNREACHABLE after five minutes without the server; all others of `act` but E_BUSY, which passes. */
export async function insist<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const patience = createPatience({ signal });
  for (;;) {
    try {
      return await act();
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof AppError && thrown.code === "E_BUSY") await delay(BUSY_PAUSE_MS, signal);
      else await patience.pause(thrown, false);
    }
  }
}
