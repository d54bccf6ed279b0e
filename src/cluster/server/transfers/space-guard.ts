// A full disk while results arrive: for a while the clients keep their finished segments and the job waits for space; then
// the job fails with the reason, and keeps its finished segments for `jobs retry`. The caller gives the time.
import type { ErrorBody } from "../../../base/errors.ts";

/** Long enough to free space or for another job to end, short enough that clients do not try for ever. */
export const FULL_FOR_MS = 60_000;

export class SpaceGuard {
  /** By job: since when its results found no space. */
  readonly #fullSince = new Map<string, number>();

  /** A result was stored: there is space. */
  stored(jobId: string): void {
    this.#fullSince.delete(jobId);
  }

  /** A result found no space. Returns the error that the job fails with once this has lasted too long. */
  full(jobId: string, nowMs: number): ErrorBody | null {
    const since = this.#fullSince.get(jobId) ?? nowMs;
    this.#fullSince.set(jobId, since);
    if (nowMs - since < FULL_FOR_MS) return null;
    this.#fullSince.delete(jobId);
    return {
      code: "E_NO_SPACE",
      message: `the server's work directory was full for ${Math.round((nowMs - since) / 1000)} s, so finished segments could not be stored`,
      hint: "Free some space there, then `ffcluster jobs retry` continues from what is finished.",
    };
  }
}
