// Fencing: which result is accepted. A result counts once, and only under the lease it was made under.
import type { SegmentReport } from "../../../media/model/segment.ts";
import { slotsFor } from "../ability/encoders.ts";
import type { Client } from "../model/client.ts";
import type { Verdict } from "../model/decision.ts";
import { leadFramesAt } from "../model/gop-list.ts";
import type { AttemptId, ClientId } from "../model/ids.ts";
import type { Input } from "../model/input.ts";
import type { Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import type { SchedulerState } from "../model/state.ts";
import type { Turn } from "../model/turn.ts";
import { decodeRatioOf } from "../sizing/cut-rule.ts";
import { isMeasuring } from "../sizing/segment-shares.ts";
import { refusal } from "./job-rules.ts";
import { heldBy } from "./lease-rules.ts";
import { holdersOf, resultsOf, stopSpeculativeAttempts, withResult } from "./speculative-attempts.ts";

/**
 * How a result would be received: "wanted" under a live lease of this client, "had" when this attempt's result was
 * accepted already (an upload repeated after a lost answer), else "stale". The shell asks before it reads a body.
 */
export function resultStanding(
  state: SchedulerState,
  attemptId: AttemptId,
  clientId: ClientId,
): "wanted" | "had" | "stale" {
  const attempt = state.attempts.get(attemptId);
  if (attempt !== undefined) {
    const job = state.jobs.get(attempt.jobId);
    const segment = job?.segments[attempt.segmentIndex];
    const isHolder =
      attempt.clientId === clientId &&
      job !== undefined &&
      segment !== undefined &&
      holdersOf(segment).includes(attemptId) &&
      !isMeasuring(job, segment);
    return isHolder ? "wanted" : "stale";
  }
  return acceptedFrom(state, attemptId) === clientId ? "had" : "stale";
}

/** The client whose result of this attempt was accepted; null: none was. */
function acceptedFrom(state: Pick<SchedulerState, "jobs">, attemptId: AttemptId): ClientId | null {
  for (const job of state.jobs.values()) {
    for (const { phase } of job.segments) {
      for (const landed of resultsOf(phase)) if (landed.attemptId === attemptId) return landed.clientId;
    }
  }
  return null;
}

/**
 * Fencing: the result of a live attempt is verified, or waits while an earlier one is. Any other result is refused and
 * its file dropped.
 */
export function landResult(turn: Turn, input: Extract<Input, { type: "result-landed" }>): Verdict {
  const { attemptId, clientId, report } = input;
  const standing = resultStanding(turn, attemptId, clientId);
  if (standing === "had") return { ok: true };
  const attempt = turn.attempts.get(attemptId);
  const held = attempt === undefined ? null : heldBy(turn, attempt);
  const client = turn.clients.get(clientId);
  if (standing === "stale" || attempt === undefined || held === null || client === undefined) {
    return refuseResult(turn, input);
  }
  const { job, segment } = held;
  turn.removeAttempt(attemptId);
  turn.putClient(withSpeed(client, job, attempt.encoder ?? job.encoder, segment, report));
  const landed = { attemptId, clientId, clientName: client.name, report };
  turn.putSegment(job, withResult(segment, landed));
  if (segment.phase.kind === "leased") {
    turn.effect({ type: "verify", jobId: job.id, segmentIndex: segment.index, attemptId });
  } else {
    stopSpeculativeAttempts(turn, segment, attemptId, client.name); // two results are enough
  }
  return { ok: true };
}

function refuseResult(turn: Turn, input: Extract<Input, { type: "result-landed" }>): Verdict {
  const { attemptId, clientId } = input;
  const stored = turn.attempts.get(attemptId) ?? input.storedFor;
  const subject = stored === undefined ? {} : { jobId: stored.jobId, segmentIndex: stored.segmentIndex };
  turn.event("attempt-refused", { ...subject, attemptId, clientId }, "the result came after its lease had ended");
  if (stored !== undefined && acceptedFrom(turn, attemptId) === null) {
    turn.effect({ type: "drop-result", jobId: stored.jobId, segmentIndex: stored.segmentIndex, attemptId });
  }
  return refusal(
    "E_STALE_ATTEMPT",
    `attempt ${attemptId} no longer holds its segment`,
    "The segment went to another client; drop this result.",
  );
}

/**
 * Updates the speed of one slot on this job: the mean of new and known. Frames decoded before the segment count as
 * work.
 */
export function withSpeed(
  client: Client,
  job: Job,
  encoder: string,
  { startPts }: Segment,
  { frames, seconds }: Pick<SegmentReport, "frames" | "seconds">,
): Client {
  if (frames <= 0) return client;
  const { picture } = job.settings;
  const work = frames + leadFramesAt(job.gops, startPts) / decodeRatioOf(encoder);
  const fps = work / Math.max(seconds, 0.001);
  const known = client.slotFps[job.id];
  const slotFps = known === undefined ? fps : (known + fps) / 2;
  return {
    ...client,
    slotFps: { ...client.slotFps, [job.id]: slotFps },
    performance: slotFps * slotsFor(client, encoder),
    ...(picture === undefined
      ? {}
      : { encoderRates: { ...client.encoderRates, [encoder]: slotFps * picture.width * picture.height } }),
  };
}
