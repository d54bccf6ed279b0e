// Which clients may render the text of a job: those where it looks as on the job's first client. Pure questions.
import type { Client } from "../model/client.ts";
import type { Job } from "../model/job.ts";
import { tallyOf } from "../model/segment-tally.ts";

/** A fingerprint of how this client renders the job's text; null: it cannot. */
export function textPrint(client: Client, { draws }: NonNullable<Job["text"]>): string | null {
  const prints = draws.map((drawer) => client.textPrints?.[drawer] ?? null);
  return prints.includes(null) ? null : prints.join(" ");
}

/** The fingerprint that all clients must have, once a segment is rendered or being rendered; null: none yet. */
export function fixedPrint(job: Job): string | null {
  const isDrawn = tallyOf(job).placesOf("pending").size < job.segments.length;
  return isDrawn ? (job.text?.print ?? null) : null;
}

/** Text must not change its look at a seam. */
export function rendersAlike(client: Client, job: Job): boolean {
  if (job.text === undefined) return true;
  const print = textPrint(client, job.text);
  const fixed = fixedPrint(job);
  return print !== null && (fixed === null || fixed === print);
}
