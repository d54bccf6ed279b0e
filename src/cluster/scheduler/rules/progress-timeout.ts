// How long an attempt may go without progress while its client still reports it. After that, reports no longer renew
// its lease. The client's own watchdog is faster, because it sees the process; this one covers clients that don't.
import type { Attempt } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";

/** Where the speed is known: the time for this many frames, which is more than any encoder's look-ahead. */
const TIMEOUT_FRAMES = 600;
const LEAST_TIMEOUT_MS = 5 * 60_000;
/** Where it is not: enough for the first frame of a slow encoder, and above the client's own half hour. */
const UNKNOWN_SPEED_MS = 35 * 60_000;

export function progressTimeoutMs(turn: Turn, attempt: Attempt): number {
  switch (attempt.stage) {
    case "queued":
      return isBehindAnother(turn, attempt) ? Number.POSITIVE_INFINITY : LEAST_TIMEOUT_MS;
    case "fetching":
    case "encoding": {
      const slotFps = turn.clients.get(attempt.clientId)?.slotFps[attempt.jobId];
      if (slotFps === undefined || slotFps <= 0) return UNKNOWN_SPEED_MS;
      return Math.max(LEAST_TIMEOUT_MS, (1000 * TIMEOUT_FRAMES) / slotFps);
    }
    case "uploading":
      return LEAST_TIMEOUT_MS;
  }
}

/** It waits for the slot of another attempt of this client, which has a timeout of its own. */
function isBehindAnother(turn: Turn, attempt: Attempt): boolean {
  for (const other of turn.attemptsOf(attempt.clientId)) {
    if (other.stage === "fetching" || other.stage === "encoding") return true;
  }
  return false;
}
