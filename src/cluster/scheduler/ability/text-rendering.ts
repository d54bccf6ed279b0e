// Which clients may draw the letters of a job: those on which they look as on the first one. Pure questions.
import type { Client } from "../model/client.ts";
import type { Job } from "../model/job.ts";

/** What the letters of this job look like on this client; null when it cannot draw them. */
export function textPrint(client: Client, { draws }: NonNullable<Job["text"]>): string | null {
  const prints = draws.map((drawer) => client.textPrints?.[drawer] ?? null);
  return prints.includes(null) ? null : prints.join(" ");
}

/** The print that counts while some segment was drawn with it, or is being drawn. */
export function fixedPrint(job: Job): string | null {
  const isDrawn = job.segments.some(({ phase }) => phase.kind !== "pending");
  return isDrawn ? (job.text?.print ?? null) : null;
}

/** Letters must not change at a seam. */
export function rendersAlike(client: Client, job: Job): boolean {
  if (job.text === undefined) return true;
  const print = textPrint(client, job.text);
  const fixed = fixedPrint(job);
  return print !== null && (fixed === null || fixed === print);
}
