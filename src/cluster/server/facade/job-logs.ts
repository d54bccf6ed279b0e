// What ffmpeg said in the attempts of a job: the reasons of failed ones, and the decoder's complaints of those that counted.
import type { Job } from "../../scheduler/model/job.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import type { AttemptLogView, AttemptView } from "../views.ts";

/** ffmpeg's last lines come joined by this. */
const BETWEEN_LINES = /\n| \| /;

/** The complaints of the decoder, by attempt. */
function complaintsOf(job: Job): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { phase } of job.segments) {
    if ("landed" in phase) found.set(phase.landed.attemptId, phase.landed.report.decodeErrors);
  }
  return found;
}

export function attemptLogs(state: SchedulerState, job: Job, attempts: readonly AttemptView[]): AttemptLogView[] {
  const complaints = complaintsOf(job);
  return attempts.map(({ reason, ...attempt }) => {
    const said = reason?.split(BETWEEN_LINES) ?? [];
    const lines = [...said, ...(complaints.get(attempt.attempt_id) ?? [])].filter((line) => line.trim() !== "");
    return { ...attempt, client: state.clients.get(attempt.client_id)?.name ?? attempt.client_id, lines };
  });
}
