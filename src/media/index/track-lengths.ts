// What the lengths that packets of a track state are worth: the last one, one that is stretched over a pause, and lengths
// that contradict the times. Pure.
import type { TrackPackets } from "./track-packets.ts";

/** 65,535 samples at 8 kHz, the longest frame of FLAC; other codecs have shorter ones. */
const LONGEST_FRAME_US = 8_200_000;

/** Of a track: the longest packet so far, and what the latest one states, ticks. */
interface Latest {
  readonly isSound: boolean;
  readonly longest: number;
  readonly latestLength: number;
}

/** Ticks: how long the last packet lasts for sure, and by how much more it says it does. */
export function lastLength({ isSound, longest, latestLength }: Latest): {
  readonly sure: number;
  readonly more: number;
} {
  const sure = isSound && longest > 0 ? Math.min(longest, latestLength) : latestLength;
  return { sure, more: latestLength - sure };
}

/** `stepUs`: time from the previous packet; null: the last one is the only one. */
export function openEnd(stepUs: number | null, statedLength: number): Pick<TrackPackets, "openEndUs"> {
  if (statedLength > 0) return {};
  return stepUs === null ? { openEndUs: LONGEST_FRAME_US } : stepUs > 0 ? { openEndUs: stepUs } : {};
}

/** Lengths that are stated wrongly are so twice or four times. */
const COLLAPSED_SHARE = 0.1;
const LEAST_COLLAPSED_US = 1_000_000;

export function collapse(isSound: boolean, statedUs: number, spanUs: number): Pick<TrackPackets, "collapsed"> {
  const isCollapsed = isSound && statedUs - spanUs > LEAST_COLLAPSED_US && spanUs < COLLAPSED_SHARE * statedUs;
  return isCollapsed ? { collapsed: { statedUs, spanUs } } : {};
}

/** Asked when a packet follows: the last one may be cut short. */
export function stretchIn([last, before]: readonly [number, number]): number {
  return last > 0 && before > 0 ? Math.abs(last - before) : 0;
}
