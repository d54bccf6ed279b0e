// Tells of one file of several: the program of --on-complete runs after each. The desktop is told of each only by `watch`, which
// has no end.
import type { Outcome } from "../library/outcome.ts";
import type { LibraryRun } from "../library/run-context.ts";
import type { Ended } from "./ended.ts";
import { tellEnded } from "./tell-ended.ts";

/** Null: nothing was made and nothing failed. */
function endedOf(input: string, outcome: Outcome): Ended | null {
  switch (outcome.kind) {
    case "encoded":
      return { status: "completed", jobId: outcome.job.job_id, input, output: outcome.output, error: null };
    case "kept":
      return { status: "completed", jobId: outcome.jobId, input, output: null, error: null };
    case "failed":
      return { status: "failed", jobId: outcome.jobId, input, output: null, error: outcome.error.toBody() };
    case "submitted":
    case "skipped":
      return null;
  }
}

export async function tellFile(path: string, outcome: Outcome, { given, isWatch, context }: LibraryRun): Promise<void> {
  const ended = endedOf(path, outcome);
  if (ended !== null) await tellEnded({ ...given, notify: given.notify && isWatch }, ended, context);
}
