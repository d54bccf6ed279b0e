import { expect, test } from "bun:test";
import type { LandedResult, Segment } from "../../scheduler/model/segment.ts";
import { compareSeams } from "./proof-words.ts";

function finished(index: number, seamStart: string | null, seamAfterEnd: string | null, notes: string[] = []) {
  const segment: Segment = {
    index,
    startPts: index * 100,
    endPts: (index + 1) * 100,
    frames: 10,
    leadIn: 0,
    failures: 0,
    losses: 0,
    attempts: 1,
    failedOn: [],
    notes,
    phase: { kind: "pending", notBefore: 0 },
  };
  const landed: LandedResult = {
    attemptId: `a${index}`,
    clientId: "c",
    clientName: "node",
    report: {
      frames: 10,
      seconds: 1,
      encoder: "libx264",
      ffmpegVersion: "5.1",
      seamStart,
      seamAfterEnd,
      decodeErrors: [],
    },
  };
  return { segment, landed };
}

test("a boundary that one side knows nothing of does not count as compared", () => {
  const segments = [finished(0, "x", "a"), finished(1, "a", null), finished(2, "b", null)];
  expect(compareSeams(segments)).toEqual({ problems: [], compared: 1 });
});

test("only a seam whose both sides the reference decode confirmed is excused, not one that it refused", () => {
  const refused = "encoded again with a lead-in of 1: the first picture differs from what decoding in sequence gives";
  expect(compareSeams([finished(0, "x", "a"), finished(1, "b", null, [refused])]).problems).toEqual([
    "segments 0 and 1 decoded different pictures at PTS 100",
  ]);
  const believed = "believed by reference decoding: decoding in sequence gives 10 frames, and so does the segment";
  expect(compareSeams([finished(0, "x", "a"), finished(1, "b", null, [believed])]).problems).toHaveLength(1);
  expect(compareSeams([finished(0, "x", "a", [believed]), finished(1, "b", null, [believed])]).problems).toEqual([]);
});
