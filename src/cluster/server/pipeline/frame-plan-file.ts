// The frame plan of a finished output, in a file beside the proof.
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { exists, writeFileDurably } from "../../../base/files.ts";
import { type FramePlan, framePlanSchema } from "../../../media/verify/picture/frame-plan.ts";
import type { JobFolder } from "../job/job-folders.ts";

/** `isRemuxed`: the video was read from a remuxed copy of the source. */
const fileSchema = framePlanSchema.extend({ isRemuxed: z.boolean() });
export type KeptFramePlan = z.infer<typeof fileSchema>;

export async function writeFramePlan(folder: JobFolder, plan: FramePlan, isRemuxed: boolean): Promise<void> {
  await writeFileDurably(folder.frames, JSON.stringify({ ...plan, isRemuxed }));
}

/** Null: there is none, as of a job that an earlier version completed, or one whose files are gone. */
export async function readFramePlan(folder: JobFolder): Promise<KeptFramePlan | null> {
  if (!(await exists(folder.frames))) return null;
  const found = fileSchema.safeParse(JSON.parse(await readFile(folder.frames, "utf8")));
  return found.success ? found.data : null;
}
