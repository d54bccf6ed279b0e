// When a segment may end inside a group of pictures. The next segment then decodes, and perhaps fetches, from the key
// frame on for nothing. That waste must be less than the time won when all slots end together. Pure arithmetic; the
// unit is frames of encoding.
import { poolOf } from "../ability/encoders.ts";
import type { IndexedGop } from "../model/job.ts";

/**
 * Frames decoded in the time in which one frame is decoded and encoded. docs/MEASURED.md §4: 2 (x264 ultrafast), 5
 * (veryfast), 11 (medium), 6 (x265 ultrafast). With a hardware encoder the decoder sets the pace.
 */
const DECODE_RATIO = { software: 4, hardware: 1 };
/** 100 Mbit/s: wasted bytes may come over an ordinary network. */
const BYTES_PER_SECOND = 12_500_000;
/**
 * What one more segment costs in offer, first blocks and start-up. `unknown`: before the speed is measured, in seconds
 * of video.
 */
const START_SECONDS = { known: 2, unknown: 0.5 };
/** A segment that is not its slot's last must be this many times longer than the waste before it. */
const TIMES_ITS_WASTE = 8;

export interface CutCosts {
  readonly decodeRatio: number;
  /** Frames that a slot encodes while a byte is fetched. */
  readonly framesPerByte: number;
  readonly startFrames: number;
}

/** `slotFps`: measured frames per second of one slot; null: not measured yet, the video's own rate is used. */
export function cutCosts(encoder: string, slotFps: number | null, frameRate: number): CutCosts {
  return {
    decodeRatio: decodeRatioOf(encoder),
    framesPerByte: (slotFps ?? frameRate) / BYTES_PER_SECOND,
    startFrames: slotFps === null ? START_SECONDS.unknown * frameRate : START_SECONDS.known * slotFps,
  };
}

export function decodeRatioOf(encoder: string): number {
  return poolOf(encoder) === "software" ? DECODE_RATIO.software : DECODE_RATIO.hardware;
}

type Lead = Pick<IndexedGop, "leadFrames" | "leadBytes">;

/** What a segment that begins at this group wastes, in frames of encoding. Decoding and fetching run in parallel. */
export function wasteOf({ leadFrames = 0, leadBytes = 0 }: Lead, costs: CutCosts): number {
  return Math.max(leadFrames / costs.decodeRatio, leadBytes * costs.framesPerByte);
}

/** The part is the first of those that are decoded from one key frame. */
export function isFirstOfGroup({ leadFrames = 0, opensGroup = false }: IndexedGop): boolean {
  return leadFrames === 0 || opensGroup;
}

/** The least length of a segment that begins with this waste, unless it is its slot's last. */
export function leastAfterWaste(waste: number): number {
  return TIMES_ITS_WASTE * waste;
}

export interface EndInside {
  /** Frames of the segment if it ends at the next key frame, and if it ends inside the group. */
  readonly atKeyFrame: number;
  readonly inside: number;
  /** What its slot would encode if all slots ended together. */
  readonly shareFrames: number;
  /** What the segment that begins there wastes. */
  readonly waste: number;
}

/** A slot that runs past its share keeps all others waiting. Ending inside the group saves that time. */
export function paysToEndInside({ atKeyFrame, inside, shareFrames, waste }: EndInside, costs: CutCosts): boolean {
  const late = (frames: number) => Math.max(0, frames - shareFrames);
  return Math.min(late(atKeyFrame) - late(inside), inside) > waste + costs.startFrames;
}
