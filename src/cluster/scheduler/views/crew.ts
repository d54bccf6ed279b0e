// Who works on a job, and at what: each client that holds a segment of it or has delivered one. Pure: from the state alone.
import { isReachable, isSuspended } from "../ability/capability.ts";
import type { Client } from "../model/client.ts";
import type { ClientId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Attempt, AttemptStage } from "../model/segment.ts";
import type { SchedulerState } from "../model/state.ts";
import { sharesOf } from "./shares.ts";

/** lost: its link is down. paused, resting: what it holds stands still. quarantined: its results were wrong. */
export type CrewCondition = "ready" | "lost" | "paused" | "resting" | "quarantined";

export interface CrewSegment {
  readonly index: number;
  readonly stage: AttemptStage;
  readonly framesDone: number;
  readonly frames: number;
}

export interface CrewMember {
  readonly clientId: ClientId;
  readonly name: string;
  readonly condition: CrewCondition;
  /** What it holds now, in the order of the video. */
  readonly segments: readonly CrewSegment[];
  /** Frames per second of all its encodes of the job together. */
  readonly fps: number;
  /** Of all frames that are delivered so far, 0 to 100. */
  readonly percent: number;
}

export function crewOf(state: SchedulerState, job: Job): readonly CrewMember[] {
  const held = new Map<ClientId, Attempt[]>();
  for (const attempt of state.attempts.values()) {
    if (attempt.jobId !== job.id) continue;
    const others = held.get(attempt.clientId);
    if (others === undefined) held.set(attempt.clientId, [attempt]);
    else others.push(attempt);
  }
  const shares = new Map(sharesOf(job).map((share) => [share.clientId, share]));
  return [...new Set([...held.keys(), ...shares.keys()])]
    .map((clientId): CrewMember => {
      const client = state.clients.get(clientId);
      const condition = conditionOf(client);
      const attempts = held.get(clientId) ?? [];
      const running = condition === "ready" ? attempts.filter(({ stage }) => stage === "encoding") : [];
      return {
        clientId,
        name: client?.name ?? shares.get(clientId)?.clientName ?? clientId,
        condition,
        segments: attempts.map((attempt) => segmentOf(job, attempt)).sort((a, b) => a.index - b.index),
        fps: running.reduce((sum, { fps }) => sum + fps, 0),
        percent: shares.get(clientId)?.percent ?? 0,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.clientId < b.clientId ? -1 : 1));
}

function conditionOf(client: Client | undefined): CrewCondition {
  if (client === undefined || !isReachable(client)) return "lost";
  if (client.isPaused) return "paused";
  if (client.quarantine !== null) return "quarantined";
  return isSuspended(client) ? "resting" : "ready";
}

function segmentOf(job: Job, { segmentIndex, stage, framesDone }: Attempt): CrewSegment {
  const frames = job.segments[segmentIndex]?.frames ?? 0;
  return { index: segmentIndex, stage, framesDone: Math.min(framesDone, frames), frames };
}
