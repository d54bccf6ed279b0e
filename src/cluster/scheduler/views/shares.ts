// Which part of a job's video each client has delivered. Pure: from the state alone.
import type { ClientId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";

export interface Share {
  readonly clientId: ClientId;
  readonly clientName: string;
  readonly segments: number;
  readonly frames: number;
  /** Of all frames that are delivered so far, 0 to 100. */
  readonly percent: number;
}

/** The largest first. A segment counts for the client whose result is used, or being checked. */
export function sharesOf(job: Pick<Job, "segments">): readonly Share[] {
  const shares = new Map<ClientId, { clientName: string; segments: number; frames: number }>();
  let all = 0;
  for (const { phase, frames } of job.segments) {
    if (!("landed" in phase)) continue;
    const { clientId, clientName } = phase.landed;
    const before = shares.get(clientId) ?? { clientName, segments: 0, frames: 0 };
    shares.set(clientId, { clientName, segments: before.segments + 1, frames: before.frames + frames });
    all += frames;
  }
  return [...shares]
    .map(([clientId, share]) => ({ clientId, ...share, percent: percentOf(share.frames, all) }))
    .sort((a, b) => b.frames - a.frames || (a.clientId < b.clientId ? -1 : 1));
}

/** With one decimal. */
function percentOf(frames: number, all: number): number {
  return all === 0 ? 0 : Math.round((1000 * frames) / all) / 10;
}
