// How fast each client's slots are on a job, and all usable slots together.
import { isReachable, takesWork } from "../ability/capability.ts";
import { encoderOf, occupiesSlot } from "../ability/client-load.ts";
import { encoderFor, shareSlots, slotsFor } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { ClientId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Attempt } from "../model/segment.ts";
import type { Turn } from "../model/turn.ts";
import { videoFrameRate } from "./sizing.ts";

export interface Speeds {
  /** Frames per second of one slot; 0: no speed is known. */
  of(client: Client): number;
  /** Frames per second of all slots that other jobs leave to this one. */
  readonly cluster: number;
  readonly slots: number;
}

/** Another job's encode takes a slot that this job could use: on a client with pools, one of the same pool. */
function sharesSlots(turn: Turn, attempt: Attempt, job: Job): boolean {
  const client = turn.clients.get(attempt.clientId);
  if (client?.pools === undefined) return true;
  return shareSlots(encoderOf(turn, attempt), encoderFor(client, job) ?? job.encoder);
}

/**
 * Frames per second of one slot, from the client's pixel rate with this encoder on earlier jobs; null: never measured.
 */
export function rememberedFps(client: Client, job: Job, encoder: string): number | null {
  const { picture } = job.settings;
  const rate = client.encoderRates?.[encoder];
  return picture === undefined || rate === undefined ? null : rate / (picture.width * picture.height);
}

/**
 * A client's speed is the one measured on this job, else that of its running encode, else the mean of the others. While
 * no client has one: its speed on earlier jobs with the same encoder. `mayTake`: the slot of another job's attempt counts as
 * free, because this job comes first.
 */
export function measureSpeeds(turn: Turn, job: Job, mayTake: (attempt: Attempt) => boolean = () => false): Speeds {
  const known = new Map<ClientId, number>();
  const usableSlots = new Map<ClientId, number>();
  const remembered = new Map<ClientId, number>();
  for (const client of turn.clients.values()) {
    if (!isReachable(client) || !takesWork(client)) continue;
    const encoder = encoderFor(client, job);
    if (encoder === null) continue;
    usableSlots.set(client.id, slotsFor(client, encoder));
    const fps = client.slotFps[job.id];
    if (fps !== undefined) known.set(client.id, fps);
    const before = rememberedFps(client, job, encoder);
    if (before !== null) remembered.set(client.id, before);
  }
  const oneSecondOfFrames = videoFrameRate(job);
  for (const attempt of turn.attempts.values()) {
    const slots = usableSlots.get(attempt.clientId);
    if (slots === undefined) continue;
    if (attempt.jobId !== job.id) {
      if (occupiesSlot(attempt) && !mayTake(attempt) && sharesSlots(turn, attempt, job))
        usableSlots.set(attempt.clientId, Math.max(0, slots - 1));
    } else if (!known.has(attempt.clientId) && attempt.fps > 0 && attempt.framesDone > oneSecondOfFrames) {
      known.set(attempt.clientId, attempt.fps);
    }
  }
  if (known.size === 0) for (const [clientId, fps] of remembered) known.set(clientId, fps);
  let sum = 0;
  for (const fps of known.values()) sum += fps;
  const mean = known.size === 0 ? 0 : sum / known.size;
  let cluster = 0;
  let slots = 0;
  for (const [clientId, count] of usableSlots) {
    cluster += count * (known.get(clientId) ?? mean);
    slots += count;
  }
  return { of: (client) => known.get(client.id) ?? mean, cluster, slots };
}
