// States the range of the pictures from decoder to encoder where versions of ffmpeg differ: until 6.0 a conversion of
// the pixel format reduces full range to limited, since 7.1 the encoder's own list of ranges does
// (docs/adr/0014-range-stated-in-the-graph.md). Pure.

import { type FilterText, writeFilter } from "../ffmpeg/filter-graph.ts";
import type { EncodeRequest, FilterCall } from "../model/encode-request.ts";
import type { SourceVideo } from "../model/source.ts";
import { encodedFormat, isSameFormat } from "../request/args/encoded-format.ts";
import { askedPixelFormat, firstForgetful, keepsColour } from "../request/args/picture-changes.ts";
import { familyOf } from "../request/tables/encoders.ts";
import { probeWord } from "../request/values/colour-words.ts";
import { isFullRange, isLumaAndChroma } from "./pixel-kind.ts";
import { isAlwaysSqueezed, isNeverRgb, type RangeHolder, rangeHolder } from "./range-holder.ts";

/** Limited and full, in ffprobe's words. */
export type PictureRange = "tv" | "pc";

/** Filters that may state the range of their output, and the options for it. */
const RANGE_OPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ["scale", ["out_range"]],
  ["zscale", ["out_range", "range", "r"]],
  ["colorspace", ["range"]],
  ["setparams", ["range"]],
  ["setrange", ["range"]],
]);

const FULL_WORDS = new Set(["full", "jpeg", "pc"]);
const LIMITED_WORDS = new Set(["limited", "mpeg", "tv"]);

/** The range stated by the last filter that states one. */
export function namedRange(calls: readonly FilterCall[]): PictureRange | null {
  let named: PictureRange | null = null;
  for (const { name, options } of calls) {
    const keys = RANGE_OPTIONS.get(name) ?? [];
    for (const [key, value] of options) {
      if (!keys.includes(key)) continue;
      if (FULL_WORDS.has(value)) named = "pc";
      if (LIMITED_WORDS.has(value)) named = "tv";
    }
  }
  return named;
}

/** By -color_range, in ffprobe's words. */
export function askedRange(request: EncodeRequest): string | null {
  const { range } = request.video.colour;
  return range === null ? null : probeWord("range", range);
}

/** For this output: whether neither codec nor container can state the range. */
function holderIn({ video }: EncodeRequest): RangeHolder {
  const holder = rangeHolder(video.encoder);
  return holder === "container" && video.hasNoPlaceForRange === true ? "limited" : holder;
}

/** Nothing in the request changes range, colours or pixel format, or it asks for the source's. */
function keepsRange(video: SourceVideo, request: EncodeRequest): boolean {
  const format = askedPixelFormat(request);
  if (!keepsColour(request) || (format !== null && format !== video.pixelFormat)) return false;
  return request.video.colour.range === null || (askedRange(request) === "pc") === isFullRange(video);
}

/** Players learn of full range where the codec or Matroska says it, and where the user wants it said. */
function keepsFull(request: EncodeRequest): boolean {
  return holderIn(request) !== "limited" || askedRange(request) === "pc";
}

/**
 * The range of the output's luma, where it is known before anything is encoded. Null: there is none (RGB, grey), or a
 * conversion that the user asks for decides, which versions of ffmpeg do differently: the bitstream then says it.
 */
export function outputRange(video: SourceVideo, request: EncodeRequest): PictureRange | null {
  const holder = holderIn(request);
  if (holder === "rgb") return null;
  if (holder === "full") return request.video.colour.range === null ? "pc" : null;
  const isFull = isFullRange(video);
  if (isLumaAndChroma(video.pixelFormat) && keepsRange(video, request))
    return isFull && keepsFull(request) ? "pc" : "tv";
  return convertedRange(video, request);
}

function convertedRange(video: SourceVideo, request: EncodeRequest): PictureRange | null {
  const holder = holderIn(request);
  const format = askedPixelFormat(request);
  const isYuv = isLumaAndChroma(format ?? video.pixelFormat);
  const asked = askedRange(request);
  const named = namedRange(request.filters);
  if (holder === "stream") {
    const isPlain = isLumaAndChroma(video.pixelFormat) && !isFullRange(video) && keepsColour(request);
    if (!isPlain || !isYuv || format?.startsWith("yuvj") === true) return null;
    return asked === "pc" ? "pc" : "tv";
  }
  if (!isYuv && !isNeverRgb(request.video.encoder)) return null;
  if (asked === "tv" || asked === "pc") return asked;
  return holder === "container" && named === "pc" ? "pc" : "tv";
}

/**
 * Whether ffmpeg converts the pictures' format or range on the way to the encoder. Where pictures change their size it does
 * both in one step, whose result two steps do not give.
 */
export function convertsPictures(video: SourceVideo, request: EncodeRequest): boolean {
  if (!isSameFormat(video.pixelFormat, encodedFormat(video, request))) return true;
  return isLumaAndChroma(video.pixelFormat) && outputRange(video, request) !== (isFullRange(video) ? "pc" : "tv");
}

/** Whether the output holds RGB or grey, of which only the container can say that it has full range. */
export function isFullByFormat(video: SourceVideo, request: EncodeRequest): boolean {
  const holder = rangeHolder(request.video.encoder);
  if ((holder !== "container" && holder !== "limited") || isNeverRgb(request.video.encoder)) return false;
  return request.video.colour.range === null && !isLumaAndChroma(askedPixelFormat(request) ?? video.pixelFormat);
}

/** Whether versions of ffmpeg make pictures of different range of it, each right by its own bitstream. */
export function isRangeUpToVersion(video: SourceVideo, request: EncodeRequest): boolean {
  return holderIn(request) === "stream" && outputRange(video, request) === null;
}

/** The user's filters with the range stated, and what goes before and behind them. */
export interface StatedChain {
  readonly before: readonly FilterText[];
  readonly calls: readonly FilterCall[];
  readonly after: readonly FilterText[];
}

const isScale = ({ name }: FilterCall) => name === "scale";

function withOutRange(call: FilterCall, range: "full" | "limited"): FilterCall {
  return { ...call, options: [...call.options, ["out_range", range]] };
}

/** States limited range to an encoder that would squeeze full range (ffv1.c, color_ranges). It has no place for the tag anyway. */
const AS_LIMITED = writeFilter("setparams", [["range", "limited"]]);

const FULL = writeFilter("setparams", [["range", "full"]]);

/**
 * The pictures are of full range behind filters that do not hand on what the decoder said: before 7.1 every conversion
 * takes them for limited. The yuvj formats say it by their names.
 */
export function isFullForgotten(video: SourceVideo, request: EncodeRequest): boolean {
  if (firstForgetful(request.filters) === -1) return false;
  const named = namedRange(request.filters);
  return named === null ? isFullRange(video) && !video.pixelFormat.startsWith("yuvj") : named === "pc";
}

/** Full range to the very end: each conversion on the way keeps it. */
function fullChain(calls: readonly FilterCall[], saysLimited: boolean): StatedChain {
  const convert = writeFilter("scale", [["out_range", "full"]]);
  const first = calls[0];
  const isStated = calls.length === 0 || calls.some(isScale);
  const forgetful = firstForgetful(calls);
  const stated = (call: FilterCall, position: number): FilterCall => {
    if (!isScale(call)) return call;
    const isForgotten = forgetful !== -1 && position > forgetful;
    return withOutRange(isForgotten ? { ...call, options: [...call.options, ["in_range", "full"]] } : call, "full");
  };
  return {
    before: first !== undefined && isScale(first) ? [] : [convert],
    calls: calls.map(stated),
    after: [...(forgetful === -1 ? [] : [FULL]), ...(isStated ? [] : [convert]), ...(saysLimited ? [AS_LIMITED] : [])],
  };
}

export const LIMIT = writeFilter("scale", [["out_range", "limited"]]);

/** Conversion to limited range, done together with scaling or first of all. */
function limitedChain(calls: readonly FilterCall[]): StatedChain {
  const at = calls.findIndex(isScale);
  const forgetful = firstForgetful(calls);
  // After a filter that drops the tag, full range would be taken for limited.
  if (at === -1 || (forgetful !== -1 && forgetful < at)) return { before: [LIMIT], calls, after: [] };
  return {
    before: [],
    calls: calls.map((call, position) => (position === at ? withOutRange(call, "limited") : call)),
    after: [],
  };
}

/**
 * The source's matrix, said once more behind a conversion: `scale` of 7.0 forgets it. What ffmpeg would convert by itself
 * behind all filters is named, so that it stands before that. No sample changes.
 */
function statedMatrix(video: SourceVideo, request: EncodeRequest, hasScale: boolean): FilterText[] {
  const { encoder, colour } = request.video;
  const { space } = video.colour;
  const formats = [video.pixelFormat, encodedFormat(video, request), askedPixelFormat(request) ?? video.pixelFormat];
  const isLuma = formats.every(isLumaAndChroma) && rangeHolder(encoder) !== "rgb";
  if (!isLuma || space === null || space === "gbr" || colour.space !== null || !keepsColour(request)) return [];
  const named = namedConversion(video, request);
  if (named.length === 0 && !hasScale) return [];
  return [...named, writeFilter("setparams", [["colorspace", space]])];
}

/** The conversion to the encoder's format, as a filter; none where the source has that format, or it is not known. */
function namedConversion({ pixelFormat }: SourceVideo, request: EncodeRequest): FilterText[] {
  const { encoder } = request.video;
  // VA-API's format is that of the upload (encode-device.ts).
  if (familyOf(encoder) === "vaapi") return [];
  const given = request.video.pixelFormat ?? request.video.encodedFormat ?? null;
  if (given !== null) return given === pixelFormat ? [] : [writeFilter("format", [["pix_fmts", given]])];
  // Such encoders do not take the yuvj formats: which one they take instead is left to ffmpeg.
  const isSqueezed = pixelFormat.startsWith("yuvj") && holderIn(request) === "limited" && isAlwaysSqueezed(encoder);
  return isSqueezed ? [writeFilter("scale", [])] : [];
}

/** `calls` is the chain of the request (video-args.ts, `filterChain`). */
export function stateRange(video: SourceVideo, request: EncodeRequest, calls: readonly FilterCall[]): StatedChain {
  const stated = rangeChain(video, request, calls);
  const hasScale = stated.before.length > 0 || stated.calls.some(isScale);
  return { ...stated, after: [...stated.after, ...statedMatrix(video, request, hasScale)] };
}

function rangeChain(video: SourceVideo, request: EncodeRequest, calls: readonly FilterCall[]): StatedChain {
  const asIs: StatedChain = { before: [], calls, after: [] };
  const { encoder } = request.video;
  const holder = holderIn(request);
  if (holder === "rgb" || holder === "full") return asIs;
  const isAsked = request.video.colour.range !== null;
  const named = isAsked ? null : namedRange(request.filters);
  if (named === "pc" && holder === "container") return { ...asIs, after: [AS_LIMITED] };
  const format = askedPixelFormat(request);
  // Colours that were RGB on the way come back in full range before 7.1.
  const mayBeFull = !keepsColour(request) && named === null && !isAsked && format !== null && isLumaAndChroma(format);
  if (holder !== "stream" && mayBeFull) return { ...asIs, after: [LIMIT] };
  const said = !isAsked && isFullForgotten(video, request) ? [FULL] : [];
  if (named === "pc" && holder === "limited") return { ...asIs, after: [...said, LIMIT] };
  if (!isFullRange(video)) return { ...asIs, after: said };
  // An encoder with -color_range uses it.
  if (keepsRange(video, request) && keepsFull(request)) return fullChain(calls, holder === "container" && !isAsked);
  if (holder === "stream" || named !== null || isAsked) return { ...asIs, after: said };
  // The name of the format hands on the range, through filters that drop the tag too.
  return video.pixelFormat.startsWith("yuvj") && isAlwaysSqueezed(encoder) ? asIs : limitedChain(calls);
}
