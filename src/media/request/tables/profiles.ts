// What `-profile:v` names, and what ffprobe calls it in the finished stream. A profile bounds the tools that a stream may
// use, so a stream of a lower one is within it.
import { codecOfEncoder, familyOf } from "./encoders.ts";

/** From the lowest: each step holds the words of encoders and of ffprobe, without case and signs. */
type Ladder = readonly (readonly string[])[];

const LADDERS: Readonly<Record<string, Ladder>> = {
  // H.264 A.2; the numbers are profile_idc.
  h264: [
    ["baseline", "constrainedbaseline", "66"],
    ["main", "77"],
    ["high", "constrainedhigh", "progressivehigh", "100"],
    ["high10", "high10intra", "110"],
    ["high422", "high422intra", "122"],
    ["high444", "high444p", "high444predictive", "high444intra", "cavlc444", "244"],
  ],
  // H.265 A.3; x265 has a word for each depth and chroma of the range extensions.
  hevc: [
    ["main", "mainstillpicture", "msp", "1"],
    ["main10", "2"],
    ["rext", "mainintra", "main10intra", "main12", "main42210", "main4448", "main44410", "main42212", "main44412", "4"],
  ],
  vp9: [
    ["profile0", "0"],
    ["profile1", "1"],
    ["profile2", "2"],
    ["profile3", "3"],
  ],
  av1: [
    ["main", "0"],
    ["high", "1"],
    ["professional", "2"],
  ],
};

/** Of these each profile is a bit rate of its own, so none is within another. */
const RATES: Readonly<Record<string, Ladder>> = {
  prores: [
    ["proxy", "0"],
    ["lt", "1"],
    ["standard", "2"],
    ["hq", "3"],
    ["4444", "4"],
    ["4444xq", "xq", "5"],
  ],
  dnxhd: ["dnxhd", "dnxhrlb", "dnxhrsq", "dnxhrhq", "dnxhrhqx", "dnxhr444"].map((name) => [name]),
};

function stepOf(ladder: Ladder, profile: string): number {
  const word = profile.toLowerCase().replace(/[^a-z0-9]/g, "");
  return ladder.findIndex((step) => step.includes(word));
}

/**
 * In words, where a stream's profile is not within the one that was asked for; null: it is, or nobody can tell. QSV's driver
 * may change a profile that other options do not fit, and only warns.
 */
export function otherProfile(encoder: string, asked: string | null, found: string | null): string | null {
  if (asked === null || found === null || familyOf(encoder) === "qsv") return null;
  const codec = codecOfEncoder(encoder);
  const [ladder, rates] = [LADDERS[codec], RATES[codec]];
  const steps = ladder ?? rates ?? [];
  const [wanted, got] = [stepOf(steps, asked), stepOf(steps, found)];
  if (wanted === -1 || got === -1) return null;
  const isWithin = rates === undefined ? got <= wanted : got === wanted;
  return isWithin ? null : `its profile is ${found} where ${asked} is asked`;
}
