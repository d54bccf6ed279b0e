// The record of a file that the server made from a job's source and that clients read instead of it.
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../../../base/digest.ts";
import type { JobRecord, SourceRecord } from "./job-record.ts";

/** The facts by which clients recognise the file. Its id is the job's, which no other source has. */
export async function madeSource(
  { jobId, blockBytes }: Pick<JobRecord, "jobId" | "blockBytes">,
  name: string,
  path: string,
): Promise<SourceRecord> {
  const { size, mtimeMs } = await stat(path);
  const lastStart = Math.floor((size - 1) / blockBytes) * blockBytes;
  return {
    sourceId: jobId,
    name,
    path,
    kind: "local",
    bytes: size,
    mtimeMs,
    firstBlockSha256: await sha256OfFile(path, 0, Math.min(blockBytes, size)),
    lastBlockSha256: await sha256OfFile(path, lastStart, size - lastStart),
  };
}
