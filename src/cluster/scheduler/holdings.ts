// What each client holds, and whether it has room for more.
import type { Turn } from "./turn.ts";
import type { Attempt, Client, ClientId } from "./types.ts";

export interface Holding {
  /** Attempts that take, or will take, the processor. */
  readonly active: number;
  readonly all: number;
}

/** An upload no longer takes the processor: the next encode may begin. */
export function occupiesSlot(attempt: Attempt): boolean {
  return attempt.stage !== "uploading";
}

export function holdingOf(turn: Turn, clientId: ClientId): Holding {
  let active = 0;
  let all = 0;
  for (const attempt of turn.attempts.values()) {
    if (attempt.clientId !== clientId) continue;
    all++;
    if (occupiesSlot(attempt)) active++;
  }
  return { active, all };
}

/** Uploads do not count against slots, but a client whose uploads pile up gets nothing more. */
export function hasFreeSlot(turn: Turn, client: Client): boolean {
  const { active, all } = holdingOf(turn, client.id);
  return active < client.slots && all < 2 * client.slots + 1;
}

/** Frames until the first of a client's slots is free, going by the one that has least left. */
export function framesAhead(turn: Turn, client: Client): number {
  let least = Number.POSITIVE_INFINITY;
  for (const attempt of turn.attempts.values()) {
    if (attempt.clientId !== client.id || !occupiesSlot(attempt)) continue;
    const frames = turn.jobs.get(attempt.jobId)?.segments[attempt.segmentIndex]?.frames ?? 0;
    least = Math.min(least, Math.max(0, frames - attempt.framesDone));
  }
  return Number.isFinite(least) ? least : 0;
}
