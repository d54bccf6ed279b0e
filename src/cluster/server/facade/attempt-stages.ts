// When each attempt came to which stage, how far it got and how fast: what a timeline shows of it. Only a running server
// knows; of attempts before its start there are the beginning and the end alone.
import type { AttemptId, ClientId, JobId } from "../../scheduler/model/ids.ts";
import type { Attempt, AttemptStage } from "../../scheduler/model/segment.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";

export interface Course {
  readonly clientId: ClientId;
  readonly jobId: JobId;
  readonly stages: readonly { readonly stage: AttemptStage; readonly at: string }[];
  readonly frames: number;
  readonly fps: number;
}

/** Some megabytes; the oldest make room. */
const MOST_ATTEMPTS = 20_000;
const MOST_SPEEDS = 200;

export class AttemptStages {
  readonly #courses = new Map<AttemptId, Course>();

  /** After each commit: the attempts that changed in it. */
  note({ attempts }: SchedulerState, changed: Iterable<AttemptId>, at: string): void {
    for (const id of changed) {
      const attempt = attempts.get(id);
      if (attempt !== undefined) this.#noteAttempt(attempt, at);
    }
  }

  #noteAttempt({ id, clientId, jobId, stage, framesDone, fps }: Attempt, at: string): void {
    const known = this.#courses.get(id);
    const stages = known?.stages ?? [];
    const isNew = stages.at(-1)?.stage !== stage;
    this.#courses.set(id, {
      clientId,
      jobId,
      stages: isNew ? [...stages, { stage, at }] : stages,
      frames: framesDone,
      // What is uploaded is encoded no more; how fast it was is worth knowing.
      fps: fps > 0 ? fps : (known?.fps ?? 0),
    });
    if (this.#courses.size <= MOST_ATTEMPTS) return;
    const [oldest] = this.#courses.keys();
    if (oldest !== undefined) this.#courses.delete(oldest);
  }

  /** How fast a client was in its latest attempts, in the order in which they began. */
  speedsOf(clientId: ClientId): readonly { readonly at: string; readonly fps: number; readonly job_id: JobId }[] {
    const found = [...this.#courses.values()].flatMap(({ clientId: of, jobId, stages, fps }) => {
      const at = stages.find(({ stage }) => stage === "encoding")?.at;
      return of !== clientId || at === undefined || fps <= 0
        ? []
        : [{ at, fps: Math.round(fps * 10) / 10, job_id: jobId }];
    });
    return found.slice(-MOST_SPEEDS);
  }

  /** Null: it began before the server did, or long ago. */
  of(id: AttemptId): Course | null {
    return this.#courses.get(id) ?? null;
  }
}
