// What each client holds, and whether it has room for more.
import { encoderFor, poolOf, slotsFor } from "./encoders.ts";
import type { Turn } from "./turn.ts";
import type { Attempt, Client, Job } from "./types.ts";

export interface Holding {
  /** Attempts that take, or will take, the processor or device that the job would take. */
  readonly active: number;
  /** Encodes at a time there. */
  readonly slots: number;
  readonly hasRoom: boolean;
}

/** An upload no longer takes the processor: the next encode may begin. */
export function occupiesSlot(attempt: Attempt): boolean {
  return attempt.stage !== "uploading";
}

export function encoderOf(turn: Turn, attempt: Attempt): string {
  return attempt.encoder ?? turn.jobs.get(attempt.jobId)?.encoder ?? "";
}

/**
 * What a client holds of the kind that it would encode the job with; CPU and devices fill up apart. Uploads do not count
 * against slots, but a client whose uploads pile up gets nothing more.
 */
export function holdingOf(turn: Turn, client: Client, job: Job): Holding {
  const encoder = encoderFor(client, job) ?? job.encoder;
  const pool = client.pools === undefined ? null : poolOf(encoder);
  let active = 0;
  let all = 0;
  for (const attempt of turn.attempts.values()) {
    if (attempt.clientId !== client.id) continue;
    if (pool !== null && poolOf(encoderOf(turn, attempt)) !== pool) continue;
    all++;
    if (occupiesSlot(attempt)) active++;
  }
  const slots = slotsFor(client, encoder);
  return { active, slots, hasRoom: all < 2 * slots + 1 };
}

export function hasFreeSlot(turn: Turn, client: Client, job: Job): boolean {
  const { active, slots, hasRoom } = holdingOf(turn, client, job);
  return active < slots && hasRoom;
}

/** Frames until the first of a client's slots is free, going by the one that has least left. */
export function framesAhead(turn: Turn, client: Client, job: Job): number {
  const pool = client.pools === undefined ? null : poolOf(encoderFor(client, job) ?? job.encoder);
  let least = Number.POSITIVE_INFINITY;
  for (const attempt of turn.attempts.values()) {
    if (attempt.clientId !== client.id || !occupiesSlot(attempt)) continue;
    if (pool !== null && poolOf(encoderOf(turn, attempt)) !== pool) continue;
    const frames = turn.jobs.get(attempt.jobId)?.segments[attempt.segmentIndex]?.frames ?? 0;
    least = Math.min(least, Math.max(0, frames - attempt.framesDone));
  }
  return Number.isFinite(least) ? least : 0;
}
