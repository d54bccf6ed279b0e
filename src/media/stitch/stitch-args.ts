// The full argument list of the stitch, which joins segments, encoded audio and the source into one file. Only text
// subtitles are converted. Pure.
import { formatMicroseconds, type Rational } from "../../base/rational.ts";
import { AUDIO_FILE_DEMUXERS } from "../audio/stream-beginnings.ts";
import type { PictureRange } from "../colour/range-path.ts";
import { isHevcEncoder } from "../ffmpeg/codecs.ts";
import { demuxerName, sourceOffsetUs } from "../ffmpeg/formats.ts";
import { inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";
import { stereoArgs } from "../plan/stereo-mode.ts";
import { audioToEncode, type StreamPlan } from "../plan/stream-plan.ts";
import { timecodeArgs } from "../plan/timecode.ts";
import { CONTAINERS } from "../request/tables/containers.ts";
import { INPOINT_MARGIN_US } from "./concat-list.ts";
import type { OutputClock } from "./output-clock.ts";
import { askedTagArgs, attachArgs, pictureTagArgs, streamTagArgs } from "./output-tags.ts";
import { mappedStreams } from "./stream-specifiers.ts";

export interface StitchIo {
  /** `file:` URLs. `audio` has one for each track that was encoded. */
  readonly concatList: string;
  readonly audio: readonly string[];
  readonly source: string;
  /** Files of the plan's "attach" streams, in its order. */
  readonly covers: readonly string[];
  /** Options that reserve space in the header for later changes (`reserveSpace`). */
  readonly reserved: readonly string[];
  readonly output: string;
}

export interface StitchFacts extends OutputClock {
  readonly encoderTimeBase: Rational;
  /** Time of the first output frame on the source's own clock, microseconds. */
  readonly firstFrameUs: number;
  /**
   * The packet that is shown last, from 0, and how long it is shown, as a share of the time from the first frame to it;
   * null: there is one frame.
   */
  readonly lastFrame: { readonly packet: number; readonly packets: number; readonly share: number } | null;
  /** The range stated in the segments, where none is planned. */
  readonly segmentRange?: PictureRange | null;
}

/**
 * MPEG-TS packs several packets of sound under one time, so that what follows a pause would be heard too early. With
 * pauses each packet gets a time of its own, which costs a third of the sound's bytes.
 */
function apartArgs({ container }: StreamPlan, { hasPauses }: StitchFacts): string[] {
  return container === "ts" && hasPauses === true ? ["-pes_payload_size", "0"] : [];
}

/** As the mp4 muxer does: at least 10000 ticks a second, a multiple of the frame clock, so that no frame is rounded. */
const COARSEST_TIMESCALE = 10_000;

function videoTimescale(timeBase: Rational): number {
  let scale = timeBase.den;
  while (scale < COARSEST_TIMESCALE) scale *= 2;
  return scale;
}

/** More pictures than any encoder reorders: those near the end of the file may be shown before the last. */
const REORDERED = 32;

/**
 * How long the last frame is shown: segments do not say, and muxers would guess from the frame rate. Units differ between
 * versions of this filter, so lengths are shares of a difference of times. The packet shown last has the frame's length,
 * the one decoded last what makes the decoding times add up to the same (MP4 states both sums).
 */
function lastDurationArgs({ lastFrame }: StitchFacts): string[] {
  if (lastFrame === null) return [];
  const { packet, packets, share } = lastFrame;
  const shown = `st(0,(PTS-STARTPTS)*${1 + share})*0+round((PTS-STARTPTS)*${share})`;
  const decoded = "max(1,round(ld(0)-DTS+STARTDTS))";
  const others = `if(gte(N,${Math.max(0, packet - REORDERED)}),1,DURATION)`;
  const duration = `if(eq(N,${packet}),${shown},if(eq(N,${packets - 1}),${decoded},${others}))`;
  return ["-bsf:v:0", `setts=pts=PTS:dts=DTS:duration='${duration}'`];
}

/**
 * VobSub pictures without an end last 2^32 ms in Matroska, which makes the mp4 muxer fail. No subtitle is shown for an
 * hour, in whichever time base the filter counts.
 */
const ENDLESS_TO_UNKNOWN = "setts=duration='if(gt(DURATION*TB,3600),1/TB,DURATION)'";

/**
 * ffmpeg's reader of MP4 does not know how long the last packet of a track is that begins late (9.0 does, but for FLAC, whose
 * packets do not say it); with no length it would lie behind the end of the track, and not be played. The length of the
 * one before it is at least its own; from NUT, which states none, the time from the one before it.
 */
const NO_LENGTH_TO_THE_LAST =
  "setts=duration='if(DURATION,DURATION,if(N,if(PREV_OUTDURATION,PREV_OUTDURATION,PTS-PREV_INPTS),0))'";

/**
 * The same of text: without a length the event would lie behind the end of its track, and be lost. Its length is unknown;
 * most lines are read in two seconds.
 */
const SOME_LENGTH_TO_TEXT = "setts=duration='if(DURATION,DURATION,2/TB)'";

/** Of a copied subtitle stream. */
function copiedSubtitleFilter(codec: string): string | null {
  if (codec === "dvd_subtitle") return ENDLESS_TO_UNKNOWN;
  return codec === "mov_text" ? SOME_LENGTH_TO_TEXT : null;
}

/** The delay of each planned stream: 0 but for audio that the muxer would move. */
function delaysOf(plan: StreamPlan, facts: StitchFacts): number[] {
  let number = 0;
  return plan.streams.map((stream) => (stream.source.type === "audio" ? (facts.audioDelaysUs[number++] ?? 0) : 0));
}

/** The inputs, and for each mapped stream which stream of which input it is. */
interface Inputs {
  readonly args: readonly string[];
  readonly maps: readonly string[];
}

/**
 * Inputs: 0 the segments, then a file for each encoded audio track, last the source. All on absolute clocks (-copyts),
 * each moved so that the source's `zeroUs` is the output's zero; the encoded audio was made on that clock already, with
 * zero at the source's start.
 */
function inputsOf(info: SourceInfo, plan: StreamPlan, facts: StitchFacts, io: StitchIo): Inputs {
  const delays = delaysOf(plan, facts);
  // A stream is moved by reading the source once more on a clock of its own: bitstream filters see other units in
  // other versions of ffmpeg (setts in 5.1 counts in the muxer's ticks but is told the demuxer's).
  const isCopied = (position: number) => plan.streams[position]?.action.kind === "copy";
  const sourceDelays = [0, ...new Set(delays.filter((delay, position) => delay !== 0 && isCopied(position)))];
  const encodedDelays = delays.filter((_, position) => plan.streams[position]?.action.kind === "encode-audio");
  const maps = mappedStreams(plan).map(({ action, source }, position) => {
    if (action.kind === "encode-video") return "0:v:0";
    if (action.kind === "encode-audio") return `${1 + action.file}:a:0`;
    return `${1 + io.audio.length + sourceDelays.indexOf(delays[position] ?? 0)}:${source.index}`;
  });
  const audioStart = facts.zeroUs - info.startMicroseconds;
  const args = [
    "-copyts",
    "-itsoffset",
    formatMicroseconds(facts.firstFrameUs - facts.zeroUs + INPOINT_MARGIN_US),
    ...inputGuards({ formats: "concat,nut,matroska,webm", kind: "file" }),
    "-f",
    "concat",
    "-safe",
    "0",
    "-i",
    io.concatList,
    ...audioToEncode(plan).flatMap((_, number) => [
      ...["-itsoffset", formatMicroseconds((encodedDelays[number] ?? 0) - audioStart)],
      ...[...inputGuards({ formats: AUDIO_FILE_DEMUXERS, kind: "file" }), "-i", io.audio[number] ?? ""],
    ]),
    ...sourceDelays.flatMap((delay) => [
      "-itsoffset",
      formatMicroseconds(sourceOffsetUs(delay - facts.zeroUs, info)),
      ...inputGuards({ formats: info.formatName, kind: "file" }),
      "-f",
      demuxerName(info.formatName),
      "-i",
      io.source,
    ]),
  ];
  return { args, maps };
}

/** Options of the MP4 and MOV muxers; the other containers have none. */
function mp4Args(request: EncodeRequest, { encoderTimeBase }: StitchFacts): string[] {
  const timescale = String(videoTimescale(encoderTimeBase));
  const { movflags } = request.container;
  return [
    ...["-video_track_timescale", timescale, "-movie_timescale", timescale],
    ...(movflags.length > 0 ? ["-movflags", movflags.map((flag) => `+${flag}`).join("")] : []),
    ...["-strict", "-2"],
  ];
}

/** The whole command line; see `inputsOf` for the clocks. */
export function stitchArgs(
  info: SourceInfo,
  request: EncodeRequest,
  plan: StreamPlan,
  facts: StitchFacts,
  io: StitchIo,
): string[] {
  const isMp4 = plan.container === "mp4" || plan.container === "mov";
  const sourceInput = 1 + io.audio.length;
  const inputs = inputsOf(info, plan, facts, io);
  const subtitles = plan.streams.filter((stream) => stream.source.type === "subtitle");
  const sounds = plan.streams.filter((stream) => stream.source.type === "audio");
  return [
    ...QUIET,
    ...inputs.args,
    ...inputs.maps.flatMap((map) => ["-map", map]),
    "-c",
    "copy",
    ...subtitles.flatMap(({ action, source }, number) => {
      if (action.kind === "convert-subtitle") return [`-c:s:${number}`, action.encoder];
      const filter = isMp4 ? copiedSubtitleFilter(source.codec) : null;
      return filter === null ? [] : [`-bsf:s:${number}`, filter];
    }),
    ...(isMp4 ? sounds.flatMap((_, number) => [`-bsf:a:${number}`, NO_LENGTH_TO_THE_LAST]) : []),
    "-map_metadata",
    plan.keepMetadata ? String(sourceInput) : "-1",
    "-map_chapters",
    plan.keepChapters ? String(sourceInput) : "-1",
    ...streamTagArgs(plan),
    ...timecodeArgs(plan.timecode),
    ...stereoArgs(plan.container, info),
    ...attachArgs(plan, io.covers),
    ...pictureTagArgs(info.video, request, facts.segmentRange ?? null),
    ...lastDurationArgs(facts),
    ...(isMp4 && isHevcEncoder(request.video.encoder) ? ["-tag:v:0", "hvc1"] : []),
    ...askedTagArgs(plan, request.metadata),
    ...(isMp4 ? mp4Args(request, facts) : []),
    ...apartArgs(plan, facts),
    ...io.reserved,
    "-max_muxing_queue_size",
    "65536",
    "-max_interleave_delta",
    "0",
    "-f",
    CONTAINERS[plan.container].muxer,
    "-y",
    io.output,
  ];
}
