// A failure that is also the last event of a command that prints events. It says what became of the job, and has the exit
// code of that outcome, whatever the error's own code has.
import type { JobView } from "../../api/contract.ts";
import { AppError, type ErrorBody } from "../../base/errors.ts";

export class CommandFailure extends AppError {
  readonly event: "failed" | "cancelled" | "interrupted";
  readonly jobId: string;
  readonly exitCode: 3 | 130;

  constructor(event: CommandFailure["event"], jobId: string, error: ErrorBody) {
    super(error.code, error.message, error.hint);
    this.event = event;
    this.jobId = jobId;
    this.exitCode = event === "interrupted" ? 130 : 3;
  }
}

/** The failure of a command whose job ended without an output. */
export function failureOf(job: JobView): CommandFailure {
  if (job.status === "Cancelled") {
    const hint = "Submit it again to start over.";
    const error = { code: "E_JOB_CANCELLED", message: `job ${job.job_id} was cancelled`, hint } as const;
    return new CommandFailure("cancelled", job.job_id, job.error ?? error);
  }
  const hint = `\`ffcluster jobs show ${job.job_id}\` shows its history.`;
  const error = { code: "E_JOB_FAILED", message: `job ${job.job_id} failed`, hint } as const;
  return new CommandFailure("failed", job.job_id, job.error ?? error);
}
