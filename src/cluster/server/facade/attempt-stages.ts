// When each attempt came to which stage, how far it got and how fast: what a timeline shows of it. Only a running server
// knows; of attempts before its start there are the beginning and the end alone.
import type { AttemptId } from "../../scheduler/model/ids.ts";
import type { Attempt, AttemptStage } from "../../scheduler/model/segment.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";

export interface Course {
  readonly stages: readonly { readonly stage: AttemptStage; readonly at: string }[];
  readonly frames: number;
  readonly fps: number;
}

/** Some megabytes; the oldest make room. */
const MOST_ATTEMPTS = 20_000;

export class AttemptStages {
  readonly #courses = new Map<AttemptId, Course>();

  /** After each commit. States share structure: what is the same object has not changed. */
  note(before: SchedulerState, after: SchedulerState, at: string): void {
    if (before.attempts === after.attempts) return;
    for (const [id, attempt] of after.attempts) {
      if (before.attempts.get(id) !== attempt) this.#noteAttempt(attempt, at);
    }
  }

  #noteAttempt({ id, stage, framesDone, fps }: Attempt, at: string): void {
    const known = this.#courses.get(id);
    const stages = known?.stages ?? [];
    const isNew = stages.at(-1)?.stage !== stage;
    this.#courses.set(id, {
      stages: isNew ? [...stages, { stage, at }] : stages,
      frames: framesDone,
      // What is uploaded is encoded no more; how fast it was is worth knowing.
      fps: fps > 0 ? fps : (known?.fps ?? 0),
    });
    if (this.#courses.size <= MOST_ATTEMPTS) return;
    const [oldest] = this.#courses.keys();
    if (oldest !== undefined) this.#courses.delete(oldest);
  }

  /** Null: it began before the server did, or long ago. */
  of(id: AttemptId): Course | null {
    return this.#courses.get(id) ?? null;
  }
}
