// What a retry requires: an unchanged source, and the finished segments that are still the files that were checked.
import { sha256OfFile } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { exists } from "../../../base/files.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { JobRecord } from "../job/job-record.ts";
import type { RemoteReader } from "../job/remote-reader.ts";
import { objectionTo, sourceChanged } from "../job/unchanged-source.ts";

/** Errors: E_SOURCE_MISSING, E_SOURCE_CHANGED; of a remote source whatever its host says. */
export async function requireSource({ source }: JobRecord, remote: RemoteReader): Promise<void> {
  const objection = await objectionTo(source, remote, "asked");
  if (objection === null) return;
  if (source.kind === "remote") throw objection;
  if (await exists(source.path)) throw await sourceChanged(source);
  const hint =
    source.kind === "uploaded"
      ? "The server no longer has its upload; submit it again."
      : "Put it back unchanged and retry, or submit it from where it is now.";
  throw new AppError("E_SOURCE_MISSING", `the source ${source.name} is no longer there`, hint);
}

/** Indexes of verified segments whose files are gone or differ. */
export async function lostSegments(folders: JobFolders, job: Job): Promise<number[]> {
  const lost: number[] = [];
  for (const { index, phase } of job.segments) {
    if (phase.kind !== "verified") continue;
    const digest = await sha256OfFile(folders.segmentFile(job.id, index, phase.landed.attemptId)).catch(() => null);
    if (digest !== phase.facts.sha256) lost.push(index);
  }
  return lost;
}
