// Replaces a source whose clock restarts in the middle: the same streams, on one clock, in a file in the job's folder.
import { mkdir } from "node:fs/promises";
import { correctClock } from "../../../media/clock/correct-clock.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { SourceInfo } from "../../../media/model/source.ts";
import type { JobFolder } from "../job/job-folders.ts";
import { madeSource } from "../job/made-source.ts";
import type { JobRecord, SourceRecord } from "../ports.ts";

/** The source to use instead, and what was done; null: nothing. Errors: those of correctClock. */
export async function onOneClock(
  tools: Tools,
  source: SourceRecord,
  info: SourceInfo,
  folder: JobFolder,
  job: Pick<JobRecord, "jobId" | "blockBytes">,
): Promise<{ readonly made: SourceRecord | null; readonly corrected: string | null }> {
  await mkdir(folder.root, { recursive: true });
  const target = { path: folder.corrected, folder: folder.root };
  const corrected = await correctClock(tools, { path: source.path, info }, target);
  if (corrected === null) return { made: null, corrected: null };
  return { made: await madeSource(job, source.name, corrected.path), corrected: corrected.note };
}
