// A new segment: it waits for its first client.
import type { Job } from "./job.ts";
import type { Segment } from "./segment.ts";

type Cut = Pick<Segment, "index" | "startPts" | "endPts" | "frames">;

export function newSegment(cut: Cut, split: Job["split"], now: number): Segment {
  return {
    ...cut,
    phase: { kind: "pending", notBefore: now },
    leadIn: 0,
    failures: 0,
    losses: 0,
    attempts: 0,
    failedOn: [],
    notes: split.mode === "whole" ? [`not split: ${split.reason}`] : [],
  };
}
