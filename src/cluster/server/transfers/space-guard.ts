// A full disk while results come in: for a while the clients hold on to what they finished and the job waits for room;
// then it fails with the reason, and keeps what is finished for `jobs retry`. Knows time only as it is told.
import type { ErrorBody } from "../../../base/errors.ts";

/** Long enough for somebody to make room or another job's files to go, short enough that clients don't try for ever. */
export const FULL_FOR_MS = 60_000;

export class SpaceGuard {
  /** Since when the results of a job found no room. */
  readonly #fullSince = new Map<string, number>();

  /** A result was kept: there is room. */
  kept(jobId: string): void {
    this.#fullSince.delete(jobId);
  }

  /** A result found no room; the error that the job fails with when it has been so for too long. */
  full(jobId: string, nowMs: number): ErrorBody | null {
    const since = this.#fullSince.get(jobId) ?? nowMs;
    this.#fullSince.set(jobId, since);
    if (nowMs - since < FULL_FOR_MS) return null;
    this.#fullSince.delete(jobId);
    return {
      code: "E_NO_SPACE",
      message: `the server's work directory was full for ${Math.round((nowMs - since) / 1000)} s, finished segments found no room`,
      hint: "Free some space there, then `ffcluster jobs retry` goes on from what is finished.",
    };
  }
}
