// All that the scheduler remembers between two calls of decide().
import type { Client } from "./client.ts";
import type { AttemptId, ClientId, JobId } from "./ids.ts";
import type { Job } from "./job.ts";
import type { Attempt } from "./segment.ts";

export interface SchedulerState {
  readonly jobs: ReadonlyMap<JobId, Job>;
  readonly clients: ReadonlyMap<ClientId, Client>;
  readonly attempts: ReadonlyMap<AttemptId, Attempt>;
  /**
   * Seconds of one slot that each waiting job is owed: its fair share, less what it got. In memory only; absent: nothing is
   * owed.
   */
  readonly owed?: ReadonlyMap<JobId, number> | undefined;
}
