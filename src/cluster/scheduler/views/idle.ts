// Why a client does not work on a job: one plain sentence for people, from the state alone.
import { occupiesSlot } from "../ability/client-load.ts";
import { encoderFor, lackFor, poolOf, tooMuchFor } from "../ability/encoders.ts";
import { rendersAlike, textPrint } from "../ability/text-rendering.ts";
import type { Client } from "../model/client.ts";
import { isTerminal, type Job } from "../model/job.ts";
import type { SchedulerState } from "../model/state.ts";

export interface IdleClient {
  readonly client: Client;
  readonly reason: string;
}

function whyNot(client: Client, job: Job): string {
  if (job.text !== undefined && !rendersAlike(client, job)) {
    const filters = job.text.draws.join(" and ");
    if (textPrint(client, job.text) === null) return `its ffmpeg cannot render text with ${filters}`;
    return "renders text with other fonts or another ffmpeg than the job's first client";
  }
  if (client.noRoom !== undefined) return client.noRoom;
  const unfit = job.unfit?.filter((each) => each.clientId === client.id) ?? [];
  const own = unfit.find((each) => each.encoder === job.encoder);
  if (own?.parameterSets !== undefined) return `its ${own.encoder} ${own.reason}`;
  if (own !== undefined) return `${own.encoder} failed on it: ${own.reason}`;
  const lack = lackFor(client, job);
  if (lack !== null) return lack;
  const tooMuch = tooMuchFor(client, job, job.encoder);
  if (client.encoders.includes(job.encoder) && tooMuch !== null) return tooMuch;
  const { election } = job.settings;
  if (election === undefined) return `has no ${job.encoder}, which the job names`;
  const other = election.candidates.find(({ encoder }) => client.encoders.includes(encoder));
  if (other === undefined) {
    const families = [...new Set(election.candidates.map(({ family }) => family))];
    return `has no encoder for this codec${families.length === 1 ? ` of the family ${families[0]}` : ""}`;
  }
  if (election.allowMixed) return "none of its encoders can do it";
  return `has ${other.encoder}; the job uses ${job.encoder} throughout (--allow-mixed lets both work)`;
}

/** Why the client is held back, on request or for its failures; null: it is not. */
function whyHeldBack(client: Client, isHolding: boolean): string | null {
  const { isPaused, isDraining, quarantine, resting } = client;
  if (isPaused) return `is paused${isHolding ? ", what it encodes is suspended" : ""} (clients resume ends that)`;
  if (resting !== undefined && (resting.isSuspended || !isHolding)) {
    return `rests: ${resting.reason}${isHolding ? "; what it encodes is suspended" : ""}`;
  }
  if (isHolding) return null;
  if (isDraining) return "is drained (clients resume ends that)";
  return quarantine === null ? null : `is quarantined: ${quarantine}`;
}

/** Connected clients that do nothing for the job, each with the reason. */
export function idleClients(state: SchedulerState, job: Job): readonly IdleClient[] {
  if (isTerminal(job.status) || job.status === "Combining") return [];
  const busy = new Map<string, number>();
  const working = new Set<string>();
  for (const attempt of state.attempts.values()) {
    if (attempt.jobId === job.id) working.add(attempt.clientId);
    else if (occupiesSlot(attempt)) busy.set(attempt.clientId, (busy.get(attempt.clientId) ?? 0) + 1);
  }
  const idle: IdleClient[] = [];
  for (const client of state.clients.values()) {
    if (client.status === "Disconnected") continue;
    const heldBack = whyHeldBack(client, working.has(client.id));
    if (heldBack !== null) {
      idle.push({ client, reason: heldBack });
      continue;
    }
    if (working.has(client.id)) continue;
    const encoder = encoderFor(client, job);
    if (encoder === null || client.noRoom !== undefined) idle.push({ client, reason: whyNot(client, job) });
    else if (client.isLinkDown === true) idle.push({ client, reason: "its connection is down" });
    else if ((busy.get(client.id) ?? 0) > 0) idle.push({ client, reason: "works on another job" });
    else idle.push({ client, reason: `waits for a segment (${poolOf(encoder)})` });
  }
  return idle;
}
