// What the proof says about a job's segments: each segment, their seams, and notes on anything unusual.
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import type { ProofSegment } from "../../../media/model/proof.ts";
import type { Job } from "../../scheduler/model/job.ts";
import { isReferenced } from "../../scheduler/rules/segment-rules.ts";
import type { FinishedSegment } from "./finished-segments.ts";

export function proofSegment({ segment, landed, facts }: FinishedSegment): ProofSegment {
  const damage = landed.report.decodeErrors.map((line) => `the decoder said: ${line}`);
  return {
    index: segment.index,
    start_pts: segment.startPts,
    end_pts: segment.endPts,
    frames: facts.frames,
    sha256: facts.sha256,
    client: landed.clientName,
    encoder: landed.report.encoder,
    attempts: segment.attempts,
    seconds: Math.round(landed.report.seconds * 1000) / 1000,
    notes: [...segment.notes, ...damage],
  };
}

/** One neighbour decodes on to the picture at their boundary, the other seeks to it; both pictures must be equal. */
export function compareSeams(segments: readonly Pick<FinishedSegment, "segment" | "landed">[]) {
  const problems: string[] = [];
  let compared = 0;
  for (const [position, { segment, landed }] of segments.entries()) {
    const next = segments[position + 1];
    const before = landed.report.seamAfterEnd;
    const after = next?.landed.report.seamStart ?? null;
    if (next === undefined || before === null || after === null) continue;
    if (isReferenced(segment) && isReferenced(next.segment)) continue;
    compared += 1;
    if (before === after) continue;
    problems.push(
      `segments ${segment.index} and ${next.segment.index} decoded different pictures at PTS ${segment.endPts}`,
    );
  }
  return { problems, compared };
}

export function notesOf(
  job: Job,
  index: FrameIndex,
  segments: readonly FinishedSegment[],
  timesByFilters: boolean,
): string[] {
  const notes: string[] = [];
  if (job.split.mode === "whole") notes.push(`not split: ${job.split.reason}`);
  if (job.split.mode === "keyframes" && job.split.offGrid !== undefined)
    notes.push(`the source's own times are kept, its declared rate is not constant: ${job.split.offGrid}`);
  if (timesByFilters)
    notes.push("the filters make the frame times: the expected count is the number of frames that they gave");
  const { leading, discarded, samePts, withoutPts } = index.uncounted;
  if (leading > 0) notes.push(`${leading} packets before the first key frame can't be decoded and were not counted`);
  if (discarded > 0) notes.push(`${discarded} packets are hidden by the source's edit list`);
  if (samePts > 0)
    notes.push(
      `${samePts} packets share a timestamp with another (hidden pictures, second fields, or pictures at one time that were then set a tick apart)`,
    );
  if (withoutPts > 0) notes.push(`${withoutPts} packets have no timestamp`);
  const damaged = segments.filter(({ landed }) => landed.report.decodeErrors.length > 0).length;
  if (damaged > 0 && segments.length > 1) {
    notes.push(
      `the decoder complained in ${damaged} segments; they were decoded from the beginning of the source, as one run decodes them`,
    );
  }
  return notes;
}
