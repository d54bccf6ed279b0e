// The output's clock relative to the source's, from the source and the encoded audio alone: which source time becomes
// zero, and how much each sound track must be delayed. It needs no segment, so it can be read while segments are made.
import { opusDelayUs } from "../audio/opus-delay.ts";
import { AUDIO_FILE_DEMUXERS, audioBeginnings, type Beginnings } from "../audio/stream-beginnings.ts";
import { isMp4 } from "../ffmpeg/formats.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { TrackPackets } from "../index/track-packets.ts";
import type { SourceInfo } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import { CONTAINERS } from "../request/tables/containers.ts";

export interface OutputClock {
  /** Source time that becomes the output's zero, microseconds. */
  readonly zeroUs: number;
  /** Microseconds to add to each audio stream of the plan (see opus-delay); empty: none. */
  readonly audioDelaysUs: readonly number[];
  /** The sound that is kept falls silent without a packet, and goes on later. */
  readonly hasPauses?: boolean;
}

export interface OutputClockInput {
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  readonly sourcePath: string;
  /** From `readTrackPackets`, or counted by the index. */
  readonly sourceTracks: ReadonlyMap<number, Pick<TrackPackets, "startUs" | "pauseUs" | "stretchUs" | "eventsUs">>;
  /** Of the source's streams; called where the container has no edit lists. */
  readonly beginnings: () => Promise<Beginnings>;
  /** From `encodeAudio`. */
  readonly audioPaths: readonly string[];
  /** For the files of trials. */
  readonly workDir: string;
  readonly signal?: AbortSignal | undefined;
}

function hasEditLists(plan: StreamPlan): boolean {
  return plan.container === "mp4" || plan.container === "mov";
}

function countsMilliseconds(plan: StreamPlan): boolean {
  return CONTAINERS[plan.container].tick?.den === 1000;
}

/** Moves zero so that times are whole on the container's own clock and not rounded. */
function onContainersClock(plan: StreamPlan, us: number): number {
  return countsMilliseconds(plan) ? Math.floor(us / 1000) * 1000 : us;
}

/**
 * The clock for an output whose first frame goes here. An edit list that begins before every marked key frame leaves
 * pictures before the file's own start: ffmpeg shows them, and they are hidden from nobody. What is less than a tick is a
 * rounding, but in MP4 an edit list would hide the whole frame for it. On a clock of milliseconds zero moves by less than
 * one, so that the first frame is not rounded: everything else is seen and heard against it.
 */
export function withFirstFrame(
  clock: OutputClock,
  { plan, info }: Pick<OutputClockInput, "plan" | "info">,
  firstFrameUs: number,
): OutputClock {
  const { num, den } = info.video.timeBase;
  const rounding = hasEditLists(plan) ? 0 : (1e6 * num) / den;
  const isBefore = firstFrameUs < clock.zeroUs - rounding;
  const zeroUs = isBefore ? firstFrameUs : clock.zeroUs;
  if (!countsMilliseconds(plan)) return isBefore ? { ...clock, zeroUs } : clock;
  return { ...clock, zeroUs: firstFrameUs - Math.ceil((firstFrameUs - zeroUs) / 1000) * 1000 };
}

/**
 * The beginning of the earliest kept subtitle, in source microseconds; infinite without any. For a file's start,
 * libavformat ignores subtitles that begin more than a second before picture and sound. What fills a pause of MP4's text
 * is kept in MP4 and MOV alone.
 */
function subtitlesBegin({ plan, sourceTracks }: Pick<OutputClockInput, "plan" | "sourceTracks">): number {
  const starts = plan.streams.map(({ source: { type, index, codec } }) => {
    const track = type === "subtitle" ? sourceTracks.get(index) : undefined;
    return codec === "mov_text" && !hasEditLists(plan) ? track?.eventsUs[0] : track?.startUs;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...starts.filter((start) => typeof start === "number"));
}

/** The least pause on a clock of milliseconds, between packets that do not follow one another, microseconds. */
const LEAST_PAUSE_US = 5000;

/**
 * MP4 knows no pause: there the packet before it lasts longer. Packets of PCM are as long as it pleases the demuxer, and what
 * lasts a sample each can't be stretched.
 */
export function hasPauses({
  info,
  plan,
  sourceTracks,
}: Pick<OutputClockInput, "info" | "plan" | "sourceTracks">): boolean {
  return plan.streams.some(({ source: { type, index, codec } }) => {
    const { pauseUs = 0, stretchUs = 0 } = sourceTracks.get(index) ?? {};
    const isStretched = isMp4(info.formatName) && !codec.startsWith("pcm_") && stretchUs >= LEAST_PAUSE_US;
    return type === "audio" && (isStretched || pauseUs >= LEAST_PAUSE_US);
  });
}

/**
 * MP4 and MOV say "this starts before zero" with edit lists; of a track of text, which has no gaps, the muxer moves what
 * follows such a beginning, so there zero is the earliest subtitle. The others know no time before zero: there it is the
 * earliest packet, and Opus may need a push. Were a subtitle before it, the muxer would move all streams, and not the
 * chapters.
 */
export async function readOutputClock(tools: Tools, input: OutputClockInput): Promise<OutputClock> {
  const { info, plan, workDir, signal } = input;
  if (hasEditLists(plan)) return { zeroUs: Math.min(info.startMicroseconds, subtitlesBegin(input)), audioDelaysUs: [] };
  const beginnings = await audioBeginnings(tools, plan, input, signal);
  const known = beginnings.filter((one) => one !== undefined);
  const earliestUs = Math.min(info.startMicroseconds, subtitlesBegin(input), ...known);
  const isMilliseconds = countsMilliseconds(plan);
  const zeroUs = onContainersClock(plan, earliestUs);
  const audioDelaysUs: number[] = [];
  for (const [number, { action, source }] of plan.streams.filter((one) => one.source.type === "audio").entries()) {
    const beginsUs = beginnings[number];
    const isOpus = action.kind === "encode-audio" ? action.encoder.includes("opus") : source.codec === "opus";
    if (!isOpus || !isMilliseconds || beginsUs === undefined) {
      audioDelaysUs.push(0);
      continue;
    }
    const encoded = action.kind === "encode-audio" ? input.audioPaths[action.file] : undefined;
    const from =
      encoded !== undefined
        ? {
            path: encoded,
            formats: AUDIO_FILE_DEMUXERS,
            streamIndex: 0,
            beginsUs: beginsUs - info.startMicroseconds,
          }
        : { path: input.sourcePath, formats: info.formatName, streamIndex: source.index, beginsUs };
    audioDelaysUs.push(await opusDelayUs(tools, from, CONTAINERS[plan.container].muxer, workDir, signal));
  }
  return { zeroUs, audioDelaysUs, hasPauses: hasPauses(input) };
}
