// Compares the output's sound and subtitle tracks with the source's: numbers of packets, and times relative to the
// picture. Pure: packets in, named checks out.

import type { DecodedLengths } from "../audio/audio-length.ts";
import type { TrackPackets } from "../index/track-packets.ts";
import type { ProofCheck } from "../model/proof.ts";
import type { PlannedStream, StreamPlan } from "../plan/stream-plan.ts";

/** One side of the comparison: its packets, and when its first picture is shown, on its own clock. */
export interface TrackSide {
  readonly tracks: ReadonlyMap<number, TrackPackets>;
  readonly firstFrameUs: number;
}

export interface TrackComparison {
  readonly plan: StreamPlan;
  readonly source: TrackSide;
  readonly output: TrackSide;
  /** Of audio that was encoded, by the number of its file. */
  readonly decoded: ReadonlyMap<number, DecodedLengths>;
  /** For converted subtitles with another number of events than the source's: how many of those contain text. */
  readonly textEvents: ReadonlyMap<number, number | null>;
  /** Why the source's times can't be compared (its clock restarts); null: they can. */
  readonly withoutTimes: string | null;
}

/** A/V offset that is not perceptible; containers with milliseconds round each end by half of that. */
const MOST_SHIFT_US = 1000;
/** Encoders may add to the sound but not remove any; another sample rate rounds its length. */
const MOST_LOST_US = 1000;
/**
 * Priming, which is audible where a track begins late (AAC: one frame, two with libfdk_aac), and the padding of the
 * last frame.
 */
const MOST_ADDED_FRAMES = 3;

function ms(us: number): string {
  return `${us < 0 ? "−" : "+"}${(Math.abs(us) / 1000).toFixed(1)} ms`;
}

/** How much later than in the source, against the picture. */
function shift(outUs: number | null, sourceUs: number | null, { source, output }: TrackComparison): number | null {
  if (outUs === null || sourceUs === null) return null;
  return outUs - output.firstFrameUs - (sourceUs - source.firstFrameUs);
}

interface Ends {
  readonly starts: number | null;
  readonly ends: number | null;
}

function endsText({ starts, ends }: Ends): string {
  if (starts === null || ends === null) return "when it begins and ends was not measured";
  return `begins ${ms(starts)} and ends ${ms(ends)} from the source's`;
}

/** The time of an encoder's first packet does not show where the sound begins: priming comes before it. */
function endText({ ends }: Ends): string {
  return ends === null ? "when it ends was not measured" : `ends ${ms(ends)} from the source's`;
}

function isWithin(value: number | null, toleranceUs: number): boolean {
  return value === null || Math.abs(value) <= toleranceUs;
}

/** An open end can't be later than the decoded length allows. */
function withDecodedEnd(own: TrackPackets, lengths: DecodedLengths | undefined): TrackPackets {
  const seconds = lengths?.sourceSeconds ?? null;
  if (own.openEndUs === undefined || seconds === null) return own;
  return { ...own, openEndUs: Math.min(own.openEndUs, seconds * 1e6) };
}

/** Packets that can't be decoded, whatever they say to last: where they are the last ones the sound ends before them. */
function undecodedUs({ progressUs }: TrackPackets, lengths: DecodedLengths | undefined): number {
  const seconds = lengths?.sourceSeconds ?? null;
  return progressUs === undefined || seconds === null ? 0 : Math.max(0, progressUs - seconds * 1e6);
}

function compareEnds(own: TrackPackets, kept: TrackPackets, all: TrackComparison): Ends {
  if (all.withoutTimes !== null) return { starts: null, ends: null };
  const ends = shift(kept.endUs, own.endUs, all);
  return { starts: shift(kept.startUs, own.startUs, all), ends: ends === null ? null : beyond(ends, own, kept) };
}

/** How far an end lies outside its allowed range: packets without a stated length leave the end open. */
function beyond(ends: number, own: TrackPackets, kept: TrackPackets): number {
  return ends > 0 ? Math.max(0, ends - (own.openEndUs ?? 0)) : Math.min(0, ends + (kept.openEndUs ?? 0));
}

/**
 * How much of the sound is copied. The samples of PCM are put into other packets by MOV, MXF and AVI, so its bytes are
 * counted.
 */
function copiedAmount(codec: string, own: TrackPackets, kept: TrackPackets): { ok: boolean; text: string } {
  if (codec.startsWith("pcm_") && own.bytes !== undefined && kept.bytes !== undefined)
    return { ok: own.bytes === kept.bytes, text: `${kept.bytes} of ${own.bytes} bytes of samples copied` };
  return { ok: own.packets === kept.packets, text: `${kept.packets} of ${own.packets} packets copied` };
}

/** Copied sound: as much as the source has, at the same distance from the picture. */
function copiedAudio(
  codec: string,
  own: TrackPackets,
  kept: TrackPackets,
  all: TrackComparison,
): Omit<ProofCheck, "name"> {
  const amount = copiedAmount(codec, own, kept);
  const both = compareEnds(own, kept, all);
  // The last packet's own length is not stated in every container.
  const tolerance = MOST_SHIFT_US + own.tickUs + kept.tickUs;
  const ok = amount.ok && isWithin(both.starts, tolerance) && isWithin(both.ends, tolerance + kept.longestUs);
  return { ok, detail: `${amount.text}, ${endsText(both)}` };
}

/** Encoded sound: nothing of the source's is missing, and no more is added than encoders usually add. */
function encodedAudio(
  own: TrackPackets,
  kept: TrackPackets,
  lengths: DecodedLengths | undefined,
  all: TrackComparison,
): Omit<ProofCheck, "name"> {
  const frameUs = Math.max(own.longestUs, kept.longestUs) + MOST_SHIFT_US;
  const both = compareEnds(withDecodedEnd(own, lengths), kept, all);
  const mostEarlierUs = 2 * frameUs + undecodedUs(own, lengths);
  const { sourceSeconds, outputSeconds } = lengths ?? { sourceSeconds: null, outputSeconds: null };
  if (sourceSeconds === null || outputSeconds === null) {
    const detail = `${kept.packets} packets, ${endText(both)}; its decoded length was not measured`;
    return { ok: kept.packets > 0 && isWithin(both.ends, 2 * frameUs), detail };
  }
  const longer = (outputSeconds - sourceSeconds) * 1e6;
  return {
    ok:
      kept.packets > 0 &&
      longer >= -MOST_LOST_US &&
      longer <= MOST_ADDED_FRAMES * frameUs &&
      isWithin(both.ends, (both.ends ?? 0) < 0 ? mostEarlierUs : 2 * frameUs),
    detail: `decodes to ${outputSeconds.toFixed(3)} s where the source's gives ${sourceSeconds.toFixed(3)} s (an encoder may add its first frames and fill its last one), ${endText(both)}`,
  };
}

/** Subtitles: every event of the source, at its time. */
function subtitle(
  own: TrackPackets,
  kept: TrackPackets,
  texts: number | null | undefined,
  all: TrackComparison,
): Omit<ProofCheck, "name"> {
  const counted = `${kept.eventsUs.length} of ${own.eventsUs.length} events`;
  if (own.eventsUs.length !== kept.eventsUs.length) {
    if (texts === null || texts === undefined) return { ok: false, detail: counted };
    const detail = `${counted}; ${texts} of the source's hold text once decoded, times not measured`;
    return { ok: texts === kept.eventsUs.length, detail };
  }
  if (all.withoutTimes !== null) return { ok: true, detail: `${counted}; times not measured: ${all.withoutTimes}` };
  const tolerance = MOST_SHIFT_US + own.tickUs + kept.tickUs;
  let worst = 0;
  for (const [position, at] of own.eventsUs.entries()) {
    const moved = shift(kept.eventsUs[position] ?? null, at, all) ?? 0;
    if (Math.abs(moved) > Math.abs(worst)) worst = moved;
  }
  return { ok: Math.abs(worst) <= tolerance, detail: `${counted}, none further than ${ms(worst)} from its time` };
}

const EMPTY: TrackPackets = { packets: 0, startUs: null, endUs: null, longestUs: 0, tickUs: 0, eventsUs: [] };

function compareTrack(planned: PlannedStream, position: number, all: TrackComparison): ProofCheck {
  const { source, action } = planned;
  const name = `${source.type} stream ${source.index}`;
  const own = all.source.tracks.get(source.index) ?? EMPTY;
  const kept = all.output.tracks.get(position) ?? EMPTY;
  if (own.packets === 0)
    return { name, ok: kept.eventsUs.length === 0, detail: "the source's track is empty, and so is this" };
  if (source.type === "subtitle") return { name, ...subtitle(own, kept, all.textEvents.get(source.index), all) };
  if (action.kind === "encode-audio") return { name, ...encodedAudio(own, kept, all.decoded.get(action.file), all) };
  return { name, ...copiedAudio(source.codec, own, kept, all) };
}

/** Source indexes of converted subtitles that do not have as many events as the source's. */
export function unequalSubtitles(
  plan: StreamPlan,
  source: TrackSide["tracks"],
  output: TrackSide["tracks"],
): readonly number[] {
  return plan.streams.flatMap((planned, position) => {
    if (planned.action.kind !== "convert-subtitle") return [];
    const own = source.get(planned.source.index)?.eventsUs.length ?? 0;
    return own === (output.get(position)?.eventsUs.length ?? 0) ? [] : [planned.source.index];
  });
}

/** One check for each sound and subtitle track that is kept. */
export function compareTracks(all: TrackComparison): ProofCheck[] {
  return all.plan.streams.flatMap((planned, position) =>
    planned.source.type === "audio" || planned.source.type === "subtitle" ? [compareTrack(planned, position, all)] : [],
  );
}
