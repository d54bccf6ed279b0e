// What a completed job says of itself in a few lines: time, speed, who encoded how much, size, what was verified. Pure.
import type { JobView, Proof } from "../../api/contract.ts";
import { printable } from "../../base/printable.ts";
import { wrapWords } from "./fit-text.ts";
import { formatBytes, formatSeconds, shortId } from "./format.ts";
import type { Colours } from "./style.ts";

/** Clients that are named. */
const MOST_NAMES = 8;
/** An output that is larger by less is about as large. */
const LARGER = 1.01;

function speedLine({ duration_seconds: duration }: JobView, { frames, wall_seconds: wall }: Proof): string {
  if (wall <= 0) return `Done in ${formatSeconds(wall)}.`;
  const facts = [
    `${(frames.in_output / wall).toFixed(1)} fps`,
    ...(duration ? [`${(duration / wall).toFixed(1)} × real time`] : []),
  ];
  return `Done in ${formatSeconds(wall)}: ${facts.join(", ")}.`;
}

/** By the frames that are in the output, the largest first. */
function shareLine({ segments }: Proof): string | null {
  const frames = new Map<string, number>();
  let all = 0;
  for (const segment of segments) {
    frames.set(segment.client, (frames.get(segment.client) ?? 0) + segment.frames);
    all += segment.frames;
  }
  if (all === 0) return null;
  const shares = [...frames].sort(([, a], [, b]) => b - a);
  const named = shares
    .slice(0, MOST_NAMES)
    .map(([name, count]) => `${printable(name)} ${Math.round((100 * count) / all)} %`);
  const more = shares.length - MOST_NAMES;
  return `Encoded by ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
}

function sizeLine(before: number, after: number): { readonly text: string; readonly isWarning: boolean } {
  const sizes = `Size: ${formatBytes(before)} → ${formatBytes(after)}`;
  if (before <= 0) return { text: `Size: ${formatBytes(after)}.`, isWarning: false };
  const percent = Math.round(100 * Math.abs(after / before - 1));
  if (after <= before) return { text: `${sizes}, ${percent} % smaller.`, isWarning: false };
  if (after <= before * LARGER) return { text: `${sizes}, about the same.`, isWarning: false };
  const hint = "A lower --quality or a higher -crf makes it smaller.";
  return { text: `${sizes}: the output is ${percent} % larger than the source. ${hint}`, isWarning: true };
}

function proofLine({ exact, frames, checks }: Proof): string {
  const counts = `${frames.in_output} of ${frames.expected} frames, ${exact ? "exact" : "not proven exact"}`;
  const failed = checks.flatMap(({ name, ok }) => (ok ? [] : [name]));
  const held = failed.length === 0 ? `all ${checks.length} checks hold` : `failed: ${failed.join(", ")}`;
  return `Verified: ${counts}; ${held}.`;
}

/** Lines of at most so many columns. */
export function summaryLines(job: JobView, proof: Proof, columns: number, colours: Colours): string[] {
  const lines = (text: string | null, paint = (line: string) => line) =>
    text === null ? [] : wrapWords(text, columns).map(paint);
  const size = job.source_bytes === undefined ? null : sizeLine(job.source_bytes, proof.output.bytes);
  return [
    ...lines(speedLine(job, proof)),
    ...lines(shareLine(proof)),
    ...lines(size?.text ?? null, size?.isWarning ? colours.yellow : undefined),
    ...lines(proofLine(proof), proof.exact ? colours.green : colours.red),
    ...lines(`Details: ffcluster jobs proof ${shortId(proof.job_id)}`),
  ];
}

/** How wide lines may be there: as the terminal, and elsewhere as long as they are. */
export function roomOf({ isTty, columns }: { readonly isTty: boolean; readonly columns: number }): number {
  return isTty ? columns - 1 : Number.POSITIVE_INFINITY;
}
