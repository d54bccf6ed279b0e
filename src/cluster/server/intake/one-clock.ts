// Replaces a source whose clock restarts in the middle: the streams that are used, on one clock, in a file in the job's
// folder.
import { mkdir } from "node:fs/promises";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { type PlannedSource, planOnOneClock, type WantedOutput } from "../../../media/recipe/plan-source.ts";
import type { JobFolder } from "../job/job-folders.ts";
import type { JobRecord, SourceRecord } from "../job/job-record.ts";
import { madeSource } from "../job/made-source.ts";

export interface MadeSource {
  readonly source: SourceRecord;
  readonly path: string;
  readonly planned: PlannedSource;
  /** What was done to the submitted file. */
  readonly note: string;
}

/** The source to use instead; null: the submitted one. `path`: where that is read. Errors: those of planOnOneClock. */
export async function onOneClock(
  tools: Tools,
  { name, path, planned }: { readonly name: string; readonly path: string; readonly planned: PlannedSource },
  wanted: WantedOutput,
  folder: JobFolder,
  job: Pick<JobRecord, "jobId" | "blockBytes">,
): Promise<MadeSource | null> {
  await mkdir(folder.root, { recursive: true });
  const target = { path: folder.corrected, folder: folder.root };
  const made = await planOnOneClock(tools, { path, planned }, wanted, target);
  if (made === null) return null;
  return { ...made, source: await madeSource(job, name, made.path) };
}
