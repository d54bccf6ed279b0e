// The end of a job on the server, step by step: gather, stitch, check, prove.
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { RunStep } from "../job/steps.ts";
import { checkFinished } from "./check-finished.ts";
import { gatherOutput } from "./gather-output.ts";
import type { JobWork } from "./job-work.ts";
import { type ProvenOutput, proveOutput } from "./prove-output.ts";
import { stitchOutput } from "./stitch-output.ts";

export interface FinishParts {
  readonly tools: Tools;
  readonly folders: JobFolders;
  readonly runStep: RunStep;
}

/** Errors: those of gatherOutput and stitchOutput; E_NOT_EXACT where the output fails its proof. */
export async function finishJob(
  { tools, folders, runStep }: FinishParts,
  work: JobWork,
  job: Job,
): Promise<ProvenOutput> {
  const gathered = await gatherOutput(folders, work, job);
  work.setActivity("joining the segments");
  const evidence = await runStep(work.jobId, "stitch", () => stitchOutput(tools, gathered));
  work.setActivity("checking the output");
  return await runStep(work.jobId, "proof", async () => {
    const checked = await checkFinished(tools, gathered, evidence);
    work.setActivity(null);
    return await proveOutput(folders, gathered, checked);
  });
}
