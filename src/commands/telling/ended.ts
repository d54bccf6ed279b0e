// How a job, or a file of several, ended, as others are told it.
import type { ErrorBody } from "../../base/errors.ts";

export interface Ended {
  readonly status: "completed" | "failed" | "cancelled";
  readonly jobId: string | null;
  readonly input: string;
  /** Absolute path; null: there is none. */
  readonly output: string | null;
  readonly error: ErrorBody | null;
}

/** Variables of the program that is run at the end; what does not apply is empty. */
export function endedVariables({ status, jobId, input, output, error }: Ended): Record<string, string> {
  return {
    FFCLUSTER_STATUS: status,
    FFCLUSTER_JOB_ID: jobId ?? "",
    FFCLUSTER_INPUT: input,
    FFCLUSTER_OUTPUT: output ?? "",
    FFCLUSTER_ERROR: error === null ? "" : `${error.code}: ${error.message}`,
  };
}
