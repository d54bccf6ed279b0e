// How often the holder of one token may ask for what costs the server much: a minute's worth at once, then at an even rate;
// and how many streams it may have open.
import { Allowance } from "../base/allowance.ts";
import { AppError } from "../base/errors.ts";

/** Most a minute, of jobs unless the operator says otherwise; the rest follows from what the commands do for a job. */
export const DEFAULT_JOBS_PER_MINUTE = 120;
/** A job has a source, often subtitles, and a file that cannot be read in place is offered before it is uploaded. */
const SOURCES_PER_JOB = 5;
/** A room full of machines that start at once with one join line. */
const ENROLMENTS_PER_MINUTE = 600;
/** A client on a bad line comes back every few seconds; an admin's token may be that of many. */
const LINKS_PER_MINUTE = 600;
const MOST_REMEMBERED = 10_000;

const WHAT = {
  jobs: "jobs are made",
  sources: "sources are handed in",
  enrolments: "clients are enrolled",
  links: "links are opened",
} as const;

export type Limited = keyof typeof WHAT;

export class RateLimits {
  readonly #perMinute: Readonly<Record<Limited, number>>;
  readonly #now: () => number;
  readonly #allowances = new Map<string, Allowance>();

  constructor(jobsPerMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = {
      jobs: jobsPerMinute,
      sources: SOURCES_PER_JOB * jobsPerMinute,
      enrolments: ENROLMENTS_PER_MINUTE,
      links: LINKS_PER_MINUTE,
    };
    this.#now = now;
  }

  /** Counts one. Errors: E_RATE_LIMIT, which says when there is another. */
  spend(tokenId: string, what: Limited): void {
    const key = `${what} ${tokenId}`;
    const perMinute = this.#perMinute[what];
    const allowance = this.#allowances.get(key) ?? new Allowance(perMinute, perMinute / 60, this.#now);
    this.#allowances.set(key, allowance);
    if (this.#allowances.size > MOST_REMEMBERED) this.#forgetWhole();
    const waitMs = allowance.take();
    if (waitMs === 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    const message = `more than ${perMinute} ${WHAT[what]} a minute with this token`;
    const hint = `Wait ${retryAfterSeconds} s; \`serve --jobs-per-minute\` allows more.`;
    throw new AppError("E_RATE_LIMIT", message, hint, { retry: true, retryAfterSeconds });
  }

  #forgetWhole(): void {
    for (const [key, allowance] of this.#allowances) if (allowance.isWhole) this.#allowances.delete(key);
  }
}

/** A token may be that of a whole house, with pages, scripts and a stream for each job that somebody waits for. */
const MOST_STREAMS = 500;
const STREAM_RETRY_S = 5;

/** Streams and sockets that are open, by the token they were opened with. */
export class OpenStreams {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  constructor(most: number = MOST_STREAMS) {
    this.#most = most;
  }

  /** Counts one until the answer is called; a second call of it does nothing. Errors: E_RATE_LIMIT. */
  hold(tokenId: string): () => void {
    const open = this.#open.get(tokenId) ?? 0;
    if (open >= this.#most) {
      const message = `this token has ${this.#most} streams open, the most that the server allows`;
      const hint = "Close some, or follow all jobs with one: GET /api/v1/jobs/watch.";
      throw new AppError("E_RATE_LIMIT", message, hint, { retry: true, retryAfterSeconds: STREAM_RETRY_S });
    }
    this.#open.set(tokenId, open + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#leave(tokenId);
      isHeld = false;
    };
  }

  #leave(tokenId: string): void {
    const left = (this.#open.get(tokenId) ?? 1) - 1;
    if (left === 0) this.#open.delete(tokenId);
    else this.#open.set(tokenId, left);
  }
}
