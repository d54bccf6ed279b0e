// Follows a job until it ends, across broken links and restarts of the server. Shows a bar or lines on stderr, or with --json
// an event per second on stdout.
import type { ApiClient } from "../../api/client.ts";
import { isTerminal, type JobView } from "../../api/contract.ts";
import { delay } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import { type CommandContext, printEvent } from "../cli/command.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";

/** A restarted server is back within this time; after it the user should know. */
const GIVE_UP_AFTER_MS = 5 * 60_000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;
const EVENT_EVERY_MS = 1000;

/** Errors: E_UNREACHABLE after five minutes without a server; the signal's reason when interrupted. */
async function* jobViews(client: ApiClient, jobId: string, signal: AbortSignal, onLost: () => void) {
  let lostAt: number | null = null;
  let waitMs = FIRST_WAIT_MS;
  for (;;) {
    try {
      for await (const view of client.watchJob(jobId)) {
        lostAt = null;
        waitMs = FIRST_WAIT_MS;
        yield view;
      }
      return;
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof AppError) || thrown.code !== "E_UNREACHABLE") throw thrown;
      if (lostAt === null) onLost();
      lostAt ??= performance.now();
      if (performance.now() - lostAt > GIVE_UP_AFTER_MS) throw thrown;
    }
    await delay(waitMs, signal);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 1.7);
  }
}

export interface Following {
  readonly client: ApiClient;
  readonly jobId: string;
  readonly context: CommandContext;
  readonly display: ProgressDisplay;
  readonly printsEvents: boolean;
  readonly onView?: (view: JobView) => void;
}

function progressFields(view: JobView) {
  const { job_id, status, progress, fps, eta_seconds, clients, frames, segments, activity } = view;
  return { job_id, status, progress, fps, eta_seconds, clients, frames, segments, activity };
}

/** Returns the job's last view. */
export async function followToEnd(following: Following): Promise<JobView> {
  const { client, jobId, context, display } = following;
  let lastEventAt = Number.NEGATIVE_INFINITY;
  let lastStatus = "";
  const onLost = () => display.note("The link to the server broke; trying to reach it again.");
  for await (const view of jobViews(client, jobId, context.signal, onLost)) {
    following.onView?.(view);
    if (isTerminal(view.status)) return view;
    const now = performance.now();
    if (!following.printsEvents) display.job(view);
    else if (view.status !== lastStatus || now - lastEventAt >= EVENT_EVERY_MS) {
      printEvent(context, "progress", progressFields(view));
      lastEventAt = now;
      lastStatus = view.status;
    }
  }
  throw new AppError("E_UNREACHABLE", "the server sent no end of the job", "Try `ffcluster jobs watch`.");
}
