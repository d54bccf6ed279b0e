// The first decision after a start: the loaded state has moments of another clock, and nothing runs yet.
import { isTerminal, type Job } from "../model/job.ts";
import type { Segment } from "../model/segment.ts";
import { changeClientStatus, changeJobStatus } from "../model/state-changes.ts";
import { LEASE_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";
import { holdersOf, withoutAttempt } from "./speculative-attempts.ts";

/** Renews every lease, forgets links, and repeats the effects that each job's own work needs. */
export function resume(turn: Turn): void {
  for (const client of turn.clients.values()) {
    const { isLinkDown: _down, ...rest } = client;
    // Link numbers count from the start of the process: any hello is newer than 0.
    changeClientStatus(turn, turn.putClient({ ...rest, link: 0, lastHeardAt: turn.now }), "Disconnected");
  }
  for (const attempt of turn.attempts.values()) {
    const job = turn.jobs.get(attempt.jobId);
    const segment = job?.segments[attempt.segmentIndex];
    const isHeld =
      segment !== undefined && holdersOf(segment).includes(attempt.id) && turn.clients.has(attempt.clientId);
    if (job === undefined || isTerminal(job.status) || !isHeld) turn.removeAttempt(attempt.id);
    else turn.putAttempt({ ...attempt, leaseEndsAt: turn.now + LEASE_MS, progressedAt: turn.now });
  }
  for (const job of turn.jobs.values()) resumeJob(turn, job);
}

function resumeJob(turn: Turn, job: Job): void {
  const jobId = job.id;
  switch (job.status) {
    case "Completed":
    case "Failed":
    case "Cancelled":
      turn.effect({ type: "release-job", jobId, status: job.status });
      return;
    default:
      break;
  }
  const isUnfinished = job.segments.some((segment) => segment.phase.kind !== "verified");
  const resumed = changeJobStatus(turn, job, job.status === "Combining" && isUnfinished ? "Processing" : job.status, {
    segments: job.segments.map((segment) => resumeSegment(turn, job, segment)),
    gops: [],
    indexComplete: false,
    aloneSince: null,
  });
  turn.effect({ type: "start-index", jobId });
  if (job.audio === "pending" || job.audio === "running") turn.effect({ type: "start-audio", jobId });
  for (const { index: segmentIndex, phase } of resumed.segments) {
    if (phase.kind !== "verifying" && phase.kind !== "referencing") continue;
    const type = phase.kind === "verifying" ? "verify" : "reference";
    turn.effect({ type, jobId, segmentIndex, attemptId: phase.landed.attemptId });
  }
  if (resumed.status === "Combining") turn.effect({ type: "start-stitch", jobId });
}

/** Bounds waiting times of the old clock, and drops leases whose attempt is gone. */
function resumeSegment(turn: Turn, job: Job, segment: Segment): Segment {
  const { phase } = segment;
  switch (phase.kind) {
    case "pending": {
      const latest = turn.now + job.settings.retryDelayMs;
      return phase.notBefore <= latest ? segment : { ...segment, phase: { ...phase, notBefore: latest } };
    }
    case "leased":
    case "verifying": {
      const gone = holdersOf(segment).filter((id) => !turn.attempts.has(id));
      return gone.reduce((rest, id) => withoutAttempt(rest, id, turn.now), segment);
    }
    default:
      return segment;
  }
}
