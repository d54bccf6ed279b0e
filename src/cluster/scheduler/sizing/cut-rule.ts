// When a segment may end inside a group of pictures. Whoever begins there decodes, and over a network fetches, from the
// key frame on for nothing; that must be less than the time won by all slots ending together. Pure arithmetic, counted
// in frames of encoding.
import { poolOf } from "../ability/encoders.ts";
import type { IndexedGop } from "../model/job.ts";

/**
 * How many frames are decoded while one is decoded and encoded. docs/MEASURED.md §4: 2 (x264 ultrafast), 5 (veryfast), 11 (medium),
 * 6 (x265 ultrafast). A hardware encoder waits for the decoder.
 */
const DECODE_RATIO = { software: 4, hardware: 1 };
/** 100 Mbit/s: what is fetched for nothing may come over an ordinary network. */
const BYTES_PER_SECOND = 12_500_000;
/** Offer, first blocks and start-up of one more segment; of a first one, whose speed is not known, in seconds of video. */
const START_SECONDS = { known: 2, unknown: 0.5 };
/** A segment that is not its slot's last must be so many times longer than what is wasted before it. */
const TIMES_ITS_WASTE = 8;

export interface CutCosts {
  readonly decodeRatio: number;
  /** Frames that a slot encodes while a byte is fetched. */
  readonly framesPerByte: number;
  readonly startFrames: number;
}

/** `slotFps`: measured frames per second of one slot; null: not yet, the video's own rate stands for it. */
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

/** What is wasted by beginning at this group, in frames of encoding; decoding and fetching run side by side. */
export function wasteOf({ leadFrames = 0, leadBytes = 0 }: Lead, costs: CutCosts): number {
  return Math.max(leadFrames / costs.decodeRatio, leadBytes * costs.framesPerByte);
}

/** Whether a part is the first of those that are decoded from one key frame. */
export function isFirstOfGroup({ leadFrames = 0, opensGroup = false }: IndexedGop): boolean {
  return leadFrames === 0 || opensGroup;
}

/** How long a segment that begins with this waste should be at least, unless it is its slot's last. */
export function leastAfterWaste(waste: number): number {
  return TIMES_ITS_WASTE * waste;
}

export interface EndInside {
  /** Frames of the segment if it ends at the next key frame, and if it ends inside the group. */
  readonly atKeyFrame: number;
  readonly inside: number;
  /** What its slot would encode if all slots ended together. */
  readonly shareFrames: number;
  /** What whoever goes on from there wastes. */
  readonly waste: number;
}

/** Running past its share, a slot keeps all others waiting: that time is won, but no more than the others are relieved of. */
export function paysToEndInside({ atKeyFrame, inside, shareFrames, waste }: EndInside, costs: CutCosts): boolean {
  const late = (frames: number) => Math.max(0, frames - shareFrames);
  return Math.min(late(atKeyFrame) - late(inside), inside) > waste + costs.startFrames;
}
