// How loaded each client is, and whether it can take more work.
import type { Client } from "../model/client.ts";
import type { Job } from "../model/job.ts";
import type { Attempt } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { takesWork } from "./capability.ts";
import { encoderFor, poolOf, shareSlots, slotsFor } from "./encoders.ts";

export interface ClientLoad {
  /** Attempts that use, or will use, the CPU or device that the job would use. */
  readonly active: number;
  /** Encodes that run there at a time. */
  readonly slots: number;
  readonly hasCapacity: boolean;
}

/** An upload leaves the CPU free: the next encode may begin. */
export function occupiesSlot(attempt: Attempt): boolean {
  return attempt.stage !== "uploading";
}

export function encoderOf(turn: Turn, attempt: Attempt): string {
  return attempt.encoder ?? turn.jobs.get(attempt.jobId)?.encoder ?? "";
}

/**
 * The client's load on the slots that it would encode the job with: the CPU and each hardware family have their own.
 * Uploads take no slot, but a client whose uploads pile up gets nothing more.
 */
export function loadOf(turn: Turn, client: Client, job: Job): ClientLoad {
  return loadFor(turn, client, encoderFor(client, job) ?? job.encoder);
}

function loadFor(turn: Turn, client: Client, encoder: string): ClientLoad {
  let active = 0;
  let all = 0;
  for (const attempt of turn.attemptsOf(client.id)) {
    if (client.pools !== undefined && !shareSlots(encoderOf(turn, attempt), encoder)) continue;
    all++;
    if (occupiesSlot(attempt)) active++;
  }
  const slots = slotsFor(client, encoder);
  return { active, slots, hasCapacity: all < 2 * slots + 1 };
}

/**
 * Whether the client might take anything, of any job. A quick filter before the exact questions: a yes may be wrong, a no
 * never is.
 */
export function mayHaveCapacity(turn: Turn, client: Client): boolean {
  const own = turn.attemptsOf(client.id);
  // One segment more than slots is fetched ahead.
  if (countActive(own) <= client.slots) return true;
  for (const [kind, slots] of Object.entries(client.pools ?? {})) {
    if (countActive(own.filter((attempt) => poolOf(encoderOf(turn, attempt)) === kind)) <= slots) return true;
  }
  return false;
}

function countActive(attempts: readonly Attempt[]): number {
  let active = 0;
  for (const attempt of attempts) if (occupiesSlot(attempt)) active++;
  return active;
}

/** The client can work on the job and has a free slot for it. */
export function isReady(turn: Turn, client: Client, job: Job): boolean {
  if (client.status === "Disconnected" || !takesWork(client)) return false;
  const encoder = encoderFor(client, job);
  if (encoder === null) return false;
  const { active, slots, hasCapacity } = loadFor(turn, client, encoder);
  return active < slots && hasCapacity;
}

export function hasFreeSlot(turn: Turn, client: Client, job: Job): boolean {
  const { active, slots, hasCapacity } = loadOf(turn, client, job);
  return active < slots && hasCapacity;
}

/** Frames that a client must still encode until the first of its slots is free. */
export function framesAhead(turn: Turn, client: Client, job: Job): number {
  const encoder = encoderFor(client, job) ?? job.encoder;
  let least = Number.POSITIVE_INFINITY;
  for (const attempt of turn.attemptsOf(client.id)) {
    if (!occupiesSlot(attempt)) continue;
    if (client.pools !== undefined && !shareSlots(encoderOf(turn, attempt), encoder)) continue;
    const frames = turn.jobs.get(attempt.jobId)?.segments[attempt.segmentIndex]?.frames ?? 0;
    least = Math.min(least, Math.max(0, frames - attempt.framesDone));
  }
  return Number.isFinite(least) ? least : 0;
}
