// The encoder's clock: the source's tick where every frame keeps its time, otherwise the output's frame grid.
import { invert, nearestRational, parseRational, type Rational, toNumber } from "../../base/rational.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, SourceVideo } from "../model/source.ts";
import { filterChain } from "../request/args/video-args.ts";
import { frameRateFrom, isFieldRate, optionOf } from "../request/filters/filter-times.ts";
import { CONTAINERS } from "../request/tables/containers.ts";
import { frameTimingOf } from "./frame-timing.ts";

/** Constant-rate filters without a frame timing, with ffmpeg's default for their option `fps`. */
const BLENDED_RATES: Readonly<Record<string, string>> = { fps: "25", framerate: "50", minterpolate: "60" };

/** MPEG-1/2 take only broadcast frame rates as their clock; MPEG-4 part 2 at most 65535 ticks a second (docs/MEASURED.md §3). */
const FRAME_RATE_CLOCK = new Set(["mpeg1video", "mpeg2video"]);
const SHORT_CLOCK = new Set(["mpeg4", "libxvid", "h263", "h263p", "msmpeg4", "msmpeg4v2", "wmv1", "wmv2"]);
const SHORT_CLOCK_TICKS = 65_535;

/** How many ticks a second the encoder can count at most; infinite: any number. */
export function mostTicks({ video }: EncodeRequest): number {
  return SHORT_CLOCK.has(video.encoder) ? SHORT_CLOCK_TICKS : Number.POSITIVE_INFINITY;
}

/** The requested constant rate, from -r or the last rate filter; null: none, or only ffmpeg can determine it. */
function requestedFrameRate(request: EncodeRequest): Rational | null {
  if (request.video.frameRate !== null) return parseRational(request.video.frameRate);
  for (const call of [...filterChain(request)].reverse()) {
    const byDefault = BLENDED_RATES[call.name];
    if (byDefault !== undefined) return frameRateFrom(optionOf(call, "fps") ?? byDefault);
    if (isFieldRate(call)) return null;
  }
  return null;
}

/** Output frames per source frame where the filters double them. */
function perSourceFrame(request: EncodeRequest): number {
  return filterChain(request).filter(isFieldRate).length > 0 ? 2 : 1;
}

/** Frames per second of the output, for estimates; null when the source does not state a rate. */
export function outputFrameRate(video: SourceVideo, request: EncodeRequest): Rational | null {
  const rate = requestedFrameRate(request);
  const source = video.averageFrameRate ?? video.realFrameRate;
  if (rate !== null || source === null) return rate;
  return { num: source.num * perSourceFrame(request), den: source.den };
}

/** The coarser tick of source and container, where every picture keeps its own time; null: it does not. */
export function keptTick({ timeBase }: SourceVideo, request: EncodeRequest, container: Container): Rational | null {
  if (frameTimingOf(request, timeBase)?.keepsTimes !== true) return null;
  const { tick } = CONTAINERS[container];
  return tick !== null && toNumber(tick) > toNumber(timeBase) ? tick : timeBase;
}

/** Seconds per tick for `-enc_time_base`. */
export function encoderTimeBase(video: SourceVideo, request: EncodeRequest): Rational {
  const rate = requestedFrameRate(request);
  if (rate !== null) return invert(rate);
  const times = perSourceFrame(request);
  const halved = { num: video.timeBase.num, den: video.timeBase.den * times };
  const tick = frameTimingOf(request, video.timeBase)?.timeBase ?? halved;
  const declared = video.realFrameRate ?? video.averageFrameRate;
  const encoder = request.video.encoder;
  const countsFrames = FRAME_RATE_CLOCK.has(encoder) || (SHORT_CLOCK.has(encoder) && tick.den > SHORT_CLOCK_TICKS);
  if (!countsFrames || declared === null) return tick;
  // Where frames follow no rate r_frame_rate names the source's tick, 90000/1: ffmpeg takes the nearest clock that there is.
  const frames = { num: declared.num * times, den: declared.den };
  return invert(SHORT_CLOCK.has(encoder) ? nearestRational(frames, SHORT_CLOCK_TICKS) : frames);
}
