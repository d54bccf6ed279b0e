// Sound tracks that a file announces but leaves empty: broadcasts declare tracks that never send, recordings end before
// a track begins. Edit lists hide tracks whose sound lies before the film. They are left out and reported; a track that
// begins late is kept.

import { isMp4 } from "../ffmpeg/formats.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { readTrackPackets, type TrackPackets } from "../index/track-packets.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";
import { requireSound } from "../plan/require-sound.ts";
import { leftOutOf, type StreamPlan } from "../plan/stream-plan.ts";
import { type SoundFile, soundSeconds } from "./audio-length.ts";
import { type Beginnings, streamBeginnings } from "./stream-beginnings.ts";

const NO_PACKET = "it holds no sound: the source names the track and has no packet of it";
export const HIDDEN = "its edit list hides all of it: it lies before the film begins";
const NOT_DECODABLE = "its packets say neither sample rate nor channels, and none of them can be decoded";

/** The reason to leave out each of these tracks, by source index. */
export type Silent = ReadonlyMap<number, string>;

export type CountedTrack = Pick<TrackPackets, "packets" | "endUs" | "openEndUs" | "areHidden" | "isLastAloneShown">;
type CountedTracks = ReadonlyMap<number, CountedTrack>;

/** More before the film begins than priming: such a track may be hidden as a whole. */
const HIDDEN_FROM_US = -200_000;

/**
 * Whether all of a track lies before zero, where the film begins: MP4 and MOV alone have such times, and hide them. ffmpeg
 * says so of the packets; of ALAC it then gives all of them the time zero. Pure.
 */
export function isHidden(formatName: string, track: CountedTrack | undefined): boolean {
  if (!isMp4(formatName) || track === undefined || track.endUs === null) return false;
  if (track.packets > 0 && track.areHidden === true) return true;
  return track.packets > 0 && track.endUs + (track.openEndUs ?? 0) <= 0;
}

/**
 * Whether all that a track is known to hold ends before the film begins, and just the stated length of its last packet
 * says otherwise: then its samples tell, decoded. Pure.
 */
export function mayEndBefore(formatName: string, track: CountedTrack | undefined): boolean {
  return isMp4(formatName) && track?.isLastAloneShown === true && (track.endUs ?? 1) <= 0;
}

export interface SilentSource {
  readonly path: string;
  readonly info: SourceInfo;
  /** All its packets where they are counted already; null: they are not. */
  readonly counted?: CountedTracks | null;
  /** Counts all packets of the source; called only when a track may be empty. */
  readonly tracks: () => Promise<CountedTracks>;
  /** Of its streams; called unless all packets are counted already. */
  readonly beginnings: () => Promise<Beginnings>;
}

function soundOf(plan: StreamPlan): SourceStream[] {
  return plan.streams.flatMap(({ source }) => (source.type === "audio" ? [source] : []));
}

/** ffprobe reports zeros when it met no packet, or none that it understood. */
function saysNothing({ sampleRate, channels }: SourceStream): boolean {
  return sampleRate === 0 || channels === 0;
}

/** Tracks of which nothing is heard, once all packets are counted: without a packet, or hidden. Pure. */
export function neverHeard(plan: StreamPlan, formatName: string, tracks: CountedTracks): Silent {
  return new Map(
    soundOf(plan).flatMap(({ index }): [number, string][] => {
      const track = tracks.get(index);
      if ((track?.packets ?? 0) === 0) return [[index, NO_PACKET]];
      return isHidden(formatName, track) ? [[index, HIDDEN]] : [];
    }),
  );
}

/**
 * The first packets are enough for most files; only a track without one among them, or one that begins far before the film, needs the count of all. Errors:
 * E_ENCODE_REQUEST when there is sound and none of it can be decoded, those of `source.tracks`.
 */
export async function findSilent(
  tools: Tools,
  source: SilentSource,
  plan: StreamPlan,
  signal?: AbortSignal,
): Promise<Silent> {
  const { path, info } = source;
  if (soundOf(plan).length === 0) return new Map();
  const { counted } = source;
  const begins = counted ? null : await source.beginnings();
  const seen = counted ?? begins;
  const mayBeHidden = (index: number) =>
    isMp4(info.formatName) &&
    (begins === null || (begins.get(index) ?? 0) < HIDDEN_FROM_US || begins.hidden?.has(index) === true);
  const late = soundOf(plan).filter(
    (stream) => seen?.has(stream.index) !== true || saysNothing(stream) || mayBeHidden(stream.index),
  );
  if (late.length === 0) return new Map();
  const tracks = await source.tracks();
  const empty = neverHeard(plan, info.formatName, tracks);
  const unreadable = new Map<number, string>();
  // Its last packet says that it goes on behind the film's beginning, and may say too much.
  const mayBeBefore = ({ index }: SourceStream) =>
    mayEndBefore(info.formatName, tracks.get(index)) ||
    (isMp4(info.formatName) &&
      (tracks.get(index)?.endUs ?? 1) <= 0 &&
      plan.streams.some((one) => one.source.index === index && one.action.kind === "encode-audio"));
  for (const stream of late.filter((one) => (saysNothing(one) || mayBeBefore(one)) && !empty.has(one.index))) {
    const file: SoundFile = { path, formats: info.formatName, streamIndexes: [stream.index] };
    const [seconds] = await soundSeconds(tools, file, signal);
    if ((seconds ?? 0) === 0) unreadable.set(stream.index, saysNothing(stream) ? NOT_DECODABLE : HIDDEN);
  }
  const silent = new Map([...empty, ...unreadable]);
  const heard = leftOutOf(plan, silent);
  const lost = heard.leftOut.filter(
    ({ source: { index } }) => (tracks.get(index)?.packets ?? 0) > 0 && silent.get(index) !== HIDDEN,
  );
  requireSound(heard.streams, lost, plan.container);
  return silent;
}

/**
 * Checks before any work whether the kept tracks contain any sound, where the output could otherwise have none. Errors:
 * those of findSilent, E_INDEX.
 */
export async function requireHeard(
  tools: Tools,
  source: Omit<SilentSource, "tracks" | "beginnings">,
  plan: StreamPlan,
  signal?: AbortSignal,
): Promise<void> {
  const isLeftOut = plan.leftOut.some(({ source: { type }, isAsked }) => type === "audio" && !isAsked);
  if (!isLeftOut && !soundOf(plan).every(saysNothing)) return;
  const tracks = () => readTrackPackets(tools, source, signal);
  const beginnings = () => streamBeginnings(tools, source.path, source.info.formatName, signal);
  await findSilent(tools, { ...source, tracks, beginnings }, plan, signal);
}
