// From which key frame decoding begins, so that the first picture of a range comes out right. Pure.
import type { Pts } from "../../base/rational.ts";
import type { LeadIn } from "../model/segment.ts";
import { lastAtOrBefore } from "./byte-marks.ts";
import type { FrameIndex, KeyFrame } from "./frame-index.ts";

/** Null: from the beginning of the file. */
export function seekPointIn(
  { keyFrames, timeBase }: Pick<FrameIndex, "keyFrames" | "timeBase">,
  startPts: Pts,
  leadIn: LeadIn,
): KeyFrame | null {
  if (leadIn === "beginning") return null;
  const at = lastAtOrBefore(keyFrames, startPts);
  if (leadIn === 0) return at <= 0 ? null : (keyFrames[at] ?? null);
  const oneSecond = Math.ceil(timeBase.den / timeBase.num);
  const early = lastAtOrBefore(keyFrames, startPts - oneSecond);
  const chosen = Math.min(at - leadIn, early);
  return chosen <= 0 ? null : (keyFrames[chosen] ?? null);
}
