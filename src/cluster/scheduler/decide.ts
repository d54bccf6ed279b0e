// The entry point of the scheduler: state + input + moment → next state, effects, events. Applies the rule for the input,
// then everything that follows from the new state, which for a mere sign of life is nothing. No clock, no randomness, no I/O (docs/STATES.md draws the machines).
import { assertNever } from "../../base/assert.ts";
import { assignWork } from "./assign/assign.ts";
import type { Decision, Moment, Verdict } from "./model/decision.ts";
import type { Input } from "./model/input.ts";
import { isTerminal, type Job } from "./model/job.ts";
import type { SchedulerState } from "./model/state.ts";
import { Turn } from "./model/turn.ts";
import { settleShares, takeMeasurement } from "./rules/bitrate-rules.ts";
import {
  changeAbilities,
  closeLink,
  disconnectClient,
  drainClient,
  dropSilentClients,
  greetClient,
  hearClient,
  noteLeaving,
  pauseClient,
  resumeClient,
  settleClientStatuses,
} from "./rules/client-rules.ts";
import { settleElection } from "./rules/election.ts";
import {
  advanceIndex,
  cancelJob,
  failJob,
  finishAudio,
  finishIndex,
  finishStitch,
  openJob,
  settleCombining,
  settleWaiting,
  submitJob,
} from "./rules/job-rules.ts";
import { decideByChange } from "./rules/ladder.ts";
import { reclaimAttempt } from "./rules/lease-reclaim.ts";
import { advanceUpload, expireLeases, failAttempt, progressAttempt } from "./rules/lease-rules.ts";
import { moveJob } from "./rules/move-job.ts";
import { resume } from "./rules/restart.ts";
import { landResult } from "./rules/result-rules.ts";
import { retryJob } from "./rules/retry.ts";
import { decideByReference, mismatchSegment, verifySegment } from "./rules/segment-rules.ts";
import { leaveGrid, mergeSegments } from "./rules/void-segments.ts";

export const emptyState: SchedulerState = { jobs: new Map(), clients: new Map(), attempts: new Map() };

/** Never throws for an input from outside: it ignores an unknown or late one, or refuses it in the verdict. */
export function decide(state: SchedulerState, input: Input, moment: Moment): Decision {
  const turn = new Turn(state, moment);
  const verdict = apply(turn, input);
  settle(turn, state, input);
  return turn.decision(verdict);
}

const OK: Verdict = { ok: true };

/** Somebody waits for an answer to these. */
type Asked = Extract<
  Input,
  {
    readonly type:
      | "cancel-requested"
      | "move-requested"
      | "retry-requested"
      | "client-disconnect-requested"
      | "client-drain-requested"
      | "client-pause-requested"
      | "client-resume-requested"
      | "result-landed";
  }
>;

function apply(turn: Turn, input: Input): Verdict {
  switch (input.type) {
    case "cancel-requested":
      return cancelJob(turn, input.jobId);
    case "move-requested":
      return moveJob(turn, input.jobId, input);
    case "retry-requested":
      return retryJob(turn, input.jobId, input.lost);
    case "client-disconnect-requested":
      return disconnectClient(turn, input.clientId);
    case "client-drain-requested":
      return drainClient(turn, input.clientId);
    case "client-pause-requested":
      return pauseClient(turn, input.clientId);
    case "client-resume-requested":
      return resumeClient(turn, input.clientId);
    case "result-landed":
      return landResult(turn, input);
    default:
      note(turn, input);
      return OK;
  }
}

function note(turn: Turn, input: Exclude<Input, Asked>): void {
  switch (input.type) {
    case "job-submitted":
      return submitJob(turn, input.job);
    case "index-advanced":
      return advanceIndex(turn, input.jobId, input.gops);
    case "index-finished":
      return finishIndex(turn, input.jobId, input.totalFrames);
    case "index-unsplittable":
      return mergeSegments(turn, input);
    case "index-off-grid":
      return leaveGrid(turn, input.jobId, input.reason);
    case "job-broke": {
      const job = openJob(turn, input.jobId);
      if (job !== null) failJob(turn, job, input.error);
      return;
    }
    case "client-hello":
      return greetClient(turn, input.client);
    case "client-changed":
      return changeAbilities(turn, input);
    case "client-heard":
      return hearClient(turn, input.clientId, input.link);
    case "client-link-closed":
      return closeLink(turn, input.clientId, input.link, input.saidGoodbye);
    case "client-leaving":
      return noteLeaving(turn, input.clientId, input.link);
    case "attempt-progressed":
      return progressAttempt(turn, input);
    case "attempt-failed":
      return failAttempt(turn, input);
    case "attempt-reclaimed":
      return reclaimAttempt(turn, input);
    case "upload-advanced":
      return advanceUpload(turn, input.attemptId);
    case "attempt-measured":
      return takeMeasurement(turn, input);
    case "segment-verified":
      return verifySegment(turn, input, input.facts);
    case "segment-mismatched":
      return mismatchSegment(turn, input, input.reason, input.isOfSource === true);
    case "reference-decided":
      return decideByReference(turn, input, input.facts, input.reason);
    case "change-looked-for":
      return decideByChange(turn, input);
    case "audio-finished":
      return finishAudio(turn, input.jobId);
    case "stitch-finished":
      return finishStitch(turn, input.jobId, input.output);
    case "tick":
      return;
    case "restarted":
      return resume(turn);
    default:
      return assertNever(input);
  }
}

/** Applies, after every input, the rules that depend on the state and the moment alone. */
function settle(turn: Turn, before: SchedulerState, input: Input): void {
  if (isMereSign(turn, before, input)) return;
  dropSilentClients(turn);
  expireLeases(turn);
  settleWork(turn, changesOrder(input));
  settleClientStatuses(turn);
}

/**
 * The input is only a sign of life or a frame count. Most inputs are, and they give no client work. All that follows from
 * the time and the speeds that they bring waits for the next tick: a server that is late hears first who is alive.
 */
function isMereSign(turn: Turn, before: SchedulerState, input: Input): boolean {
  if (turn.jobs !== before.jobs || turn.attempts.size !== before.attempts.size) return false;
  switch (input.type) {
    case "client-heard":
      return turn.clients.get(input.clientId)?.status === before.clients.get(input.clientId)?.status;
    case "attempt-progressed": {
      const attempt = turn.attempts.get(input.attemptId);
      const isOver = attempt !== undefined && attempt.leaseEndsAt <= turn.now;
      return !isOver && attempt?.stage === before.attempts.get(input.attemptId)?.stage;
    }
    case "upload-advanced":
      return true;
    default:
      return false;
  }
}

/** The order of jobs may be another one, or a client may have begun what it suspends for others: not after every message. */
function changesOrder({ type }: Input): boolean {
  return ["tick", "index-advanced", "index-finished", "move-requested"].includes(type);
}

function settleWork(turn: Turn, mayMakeWay: boolean): void {
  forEachOpenJob(turn, settleElection);
  forEachOpenJob(turn, settleWaiting);
  forEachOpenJob(turn, settleShares);
  assignWork(turn, mayMakeWay);
  forEachOpenJob(turn, settleCombining);
}

function forEachOpenJob(turn: Turn, rule: (turn: Turn, job: Job) => void): void {
  for (const { id } of turn.openJobs) {
    const job = turn.jobs.get(id);
    if (job !== undefined && !isTerminal(job.status)) rule(turn, job);
  }
}
