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

/** What helps after a job has ended without an output. */
export function afterEndHint({ job_id, status }: Pick<JobView, "job_id" | "status">): string {
  const id = job_id.slice(0, 8);
  if (status === "Cancelled") {
    return `\`ffcluster jobs retry ${id}\` begins it anew; where its source was uploaded, submit it again.`;
  }
  return `\`ffcluster jobs show ${id}\` says why, \`ffcluster jobs retry ${id}\` goes on from what is finished.`;
}

/** Hints of the server name commands for a job without its id. */
export function withJobId(hint: string, jobId: string): string {
  return hint.replace(
    /`ffcluster jobs (retry|show|proof|download|logs)`/g,
    `\`ffcluster jobs $1 ${jobId.slice(0, 8)}\``,
  );
}

/** The failure of a command whose job ended without an output. */
export function failureOf(job: JobView): CommandFailure {
  if (job.status === "Cancelled") {
    const message = `job ${job.job_id} was cancelled`;
    const error = { code: "E_JOB_CANCELLED", message, hint: afterEndHint(job) } as const;
    return new CommandFailure("cancelled", job.job_id, job.error ?? error);
  }
  const error =
    job.error ?? ({ code: "E_JOB_FAILED", message: `job ${job.job_id} failed`, hint: afterEndHint(job) } as const);
  return new CommandFailure("failed", job.job_id, { ...error, hint: withJobId(error.hint, job.job_id) });
}
