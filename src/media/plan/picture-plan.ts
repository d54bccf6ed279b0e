// The colour tags, shape, field order and HDR10 metadata that the output's picture must state, and notes on what can't
// be kept. Only what encoder and container support is planned. Pure.

import { equals, type Rational, rational } from "../../base/rational.ts";
import { isLumaAndChroma } from "../colour/pixel-kind.ts";
import { rangeHolder } from "../colour/range-holder.ts";
import { outputRange } from "../colour/range-path.ts";
import { isH264Encoder } from "../ffmpeg/codecs.ts";
import { hdr10CodecOf } from "../hdr10/hdr10-messages.ts";
import type { ColourTags } from "../model/colour-tags.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { Container, HdrMetadata, SourceVideo } from "../model/source.ts";
import { encodedFormat } from "../request/args/encoded-format.ts";
import { askedPixelFormat, keepsColour, keepsFields, keepsShape } from "../request/args/picture-changes.ts";
import { codedFields, keptHdr } from "../request/args/source-params.ts";
import { codecOfEncoder } from "../request/tables/encoders.ts";
import { probeWord } from "../request/values/colour-words.ts";

/** By ffprobe's names; null: nothing is promised. */
export interface PicturePlan {
  readonly tags: ColourTags & { readonly fieldOrder: string | null; readonly sampleAspectRatio: string | null };
  /** Null: there is none, or it can't be written or read back; `notes` then explains which. */
  readonly hdr: Pick<HdrMetadata, "masteringDisplay" | "contentLight"> | null;
  /** HDR10 metadata for the container, whether or not the bitstream can hold it; null: none. */
  readonly containerHdr: Pick<HdrMetadata, "masteringDisplay" | "contentLight"> | null;
  readonly notes: readonly string[];
}

/** Codecs whose bitstream states all colour tags; the rest rely on the container. */
const SELF_DESCRIBING = new Set(["h264", "hevc", "av1", "vp9"]);
const VP9_SPACES = new Set(["bt709", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"]);
const AV1_CHROMA = new Set(["left", "topleft"]);
/**
 * Codecs whose decoders state these themselves, whatever the container says; newer versions of ffprobe ask the
 * container.
 */
const OWN_MATRIX = new Set(["mjpeg", "utvideo"]);
const OWN_CHROMA = new Set(["mjpeg", "mpeg4", "mpeg2video"]);
/** H.264 and HEVC say where chroma lies in 4:2:0 alone (chroma_loc_info_present_flag, H.264 E.2.1). */
const HALVED_BOTH_WAYS = /420|^nv(12|21)|^p01[0-6]/;
const FIELD_CODECS = new Set(["hevc", "av1", "vp9"]);

function isMatroska(container: Container): boolean {
  return container === "mkv" || container === "webm";
}

function isMp4(container: Container): boolean {
  return container === "mp4" || container === "mov";
}

/** The source's tags where no filter changes them, and those that the user sets. */
export function wantedColour(video: SourceVideo, request: EncodeRequest): ColourTags {
  const source = keepsColour(request) ? video.colour : null;
  const asked = request.video.colour;
  const wanted = (tag: keyof ColourTags): string | null => {
    const name = asked[tag] ?? source?.[tag] ?? null;
    return name === null ? null : probeWord(tag, name);
  };
  return {
    range: wantedRange(video, request),
    // The matrix "gbr" goes with RGB samples, which most encoders are not given.
    space: wanted("space") === "gbr" ? null : wanted("space"),
    transfer: wanted("transfer"),
    primaries: wanted("primaries"),
    chromaLocation: wanted("chromaLocation"),
  };
}

/** RGB and grey keep the source's tag where only the container holds one. */
function wantedRange(video: SourceVideo, request: EncodeRequest): string | null {
  const known = outputRange(video, request);
  if (known !== null || isLumaAndChroma(video.pixelFormat)) return known;
  const isOwn = keepsColour(request) && askedPixelFormat(request) === null && request.video.colour.range === null;
  return isOwn && rangeHolder(request.video.encoder) === "container" ? video.colour.range : null;
}

/** The tags that codec and container keep, as measured with ffmpeg 5.1. */
function heldColour(wanted: ColourTags, codec: string, container: Container, pixelFormat: string): ColourTags {
  const none: ColourTags = { range: null, space: null, transfer: null, primaries: null, chromaLocation: null };
  if (!SELF_DESCRIBING.has(codec)) {
    const { space, transfer, primaries } = wanted;
    if (isMatroska(container)) {
      const space = OWN_MATRIX.has(codec) ? null : wanted.space;
      return { ...wanted, space, chromaLocation: OWN_CHROMA.has(codec) ? null : wanted.chromaLocation };
    }
    // MP4's colr box holds all three or is not written.
    const isWhole = isMp4(container) && space !== null && transfer !== null && primaries !== null;
    return isWhole ? { ...none, space, transfer, primaries } : none;
  }
  const { chromaLocation, space } = wanted;
  const chroma =
    codec === "vp9"
      ? isMatroska(container)
      : codec === "av1"
        ? AV1_CHROMA.has(chromaLocation ?? "")
        : HALVED_BOTH_WAYS.test(pixelFormat);
  return {
    ...wanted,
    space: codec === "vp9" && !VP9_SPACES.has(space ?? "") ? null : space,
    chromaLocation: chroma ? chromaLocation : null,
  };
}

/** JPEG places chroma in the centre, and its decoder says so whatever the container has (JFIF 1.02). */
function withOwnChroma(held: ColourTags, codec: string): ColourTags {
  return codec === "mjpeg" && held.chromaLocation !== "center" ? { ...held, chromaLocation: null } : held;
}

function heldFieldOrder(video: SourceVideo, request: EncodeRequest, container: Container): string | null {
  const { encoder } = request.video;
  const order = request.video.fieldOrder ?? (keepsFields(request) ? video.fieldOrder : null);
  if (order === "progressive") return isH264Encoder(encoder) ? order : null;
  if (encoder === "libx264") return codedFields(video, request);
  const isHeld = FIELD_CODECS.has(codecOfEncoder(encoder)) && (isMp4(container) || container === "mkv");
  return isHeld && (order === "tt" || order === "bb") ? order : null;
}

/** Display aspect ratios that MPEG-2 can state beside square pixels (aspect_ratio_information, H.262 table 6-3). */
const MPEG2_DISPLAYS: readonly Rational[] = [
  { num: 4, den: 3 },
  { num: 16, den: 9 },
  { num: 221, den: 100 },
];

/** TS has no place for the shape of the pixels, and MPEG-2 states one of four: ffmpeg takes the nearest. */
function mpeg2Shape(ratio: Rational, { width, height }: SourceVideo): Rational {
  const shapes = [rational(1, 1), ...MPEG2_DISPLAYS.map(({ num, den }) => rational(num * height, den * width))];
  const distance = ({ num, den }: Rational) => Math.abs(num / den - ratio.num / ratio.den);
  return shapes.reduce((best, each) => (distance(each) < distance(best) ? each : best));
}

function heldShape(video: SourceVideo, request: EncodeRequest, container: Container): Rational | null {
  const ratio = video.sampleAspectRatio;
  if (ratio === null || video.rotationDegrees !== 0 || !keepsShape(request)) return null;
  const isMpeg2 = codecOfEncoder(request.video.encoder) === "mpeg2video";
  return isMpeg2 && container === "ts" ? mpeg2Shape(ratio, video) : ratio;
}

function shapeText({ num, den }: Rational): string {
  return `${num}:${den}`;
}

function shapeNotes({ sampleAspectRatio: ratio }: SourceVideo, held: Rational | null, container: Container): string[] {
  if (ratio === null || held === null || equals(ratio, held)) return [];
  const said = `becomes ${shapeText(held)}: MPEG-2 in ${container} can state square pixels, 4:3, 16:9 and 2.21:1 alone`;
  return [`the sample aspect ratio ${shapeText(ratio)} ${said}`];
}

function describeHdr({ masteringDisplay, contentLight }: HdrMetadata): string {
  const parts = [
    ...(masteringDisplay === null ? [] : ["mastering display"]),
    ...(contentLight === null ? [] : ["content light level"]),
  ];
  return `HDR10 metadata (${parts.join(" and ")})`;
}

function hdrNotes(video: SourceVideo, request: EncodeRequest): string[] {
  const { hdr } = video;
  if (hdr === undefined) return [];
  const codec = codecOfEncoder(request.video.encoder);
  const dynamic = hdr.dynamic.map(
    (name) => `${name} metadata is not kept: it describes each frame, and no encoder here takes it`,
  );
  if (hdr.masteringDisplay === null && hdr.contentLight === null) return dynamic;
  const what = describeHdr(hdr);
  if (keptHdr(video, request) === null) return [...dynamic, `${what} is not kept: colours or bit depth change`];
  if (hdr10CodecOf(codec) === null)
    return [...dynamic, `${what} is not kept: the bitstream of ${codec} has no place for it`];
  const seen = codec === "h264" ? ", as SEI messages, which older versions of ffprobe do not show" : "";
  return [...dynamic, `${what} is in the bitstream, at every key frame${seen}`];
}

function lostTags(wanted: ColourTags, held: ColourTags, codec: string, container: Container): string[] {
  const names: [keyof ColourTags, string][] = [
    ["space", "colour matrix"],
    ["transfer", "transfer"],
    ["primaries", "primaries"],
    ["chromaLocation", "chroma location"],
  ];
  const lost = names.filter(([tag]) => wanted[tag] !== null && held[tag] === null);
  // Every decoder assumes "left" where nothing is stated.
  return lost
    .filter(([tag]) => wanted[tag] !== "left")
    .map(([tag, name]) => `${name} ${wanted[tag]} may not be kept: ${codec} in ${container} has no sure place for it`);
}

function fieldNotes(video: SourceVideo, request: EncodeRequest, held: string | null): string[] {
  const isInterlaced = video.fieldOrder !== null && video.fieldOrder !== "progressive";
  if (!isInterlaced || !keepsFields(request) || held !== null) return [];
  return [
    `the source is interlaced (${video.fieldOrder}); ${request.video.encoder} codes its pictures as whole frames`,
  ];
}

export function planPicture(video: SourceVideo, request: EncodeRequest, container: Container): PicturePlan {
  const codec = codecOfEncoder(request.video.encoder);
  const wanted = wantedColour(video, request);
  const held = withOwnChroma(heldColour(wanted, codec, container, encodedFormat(video, request)), codec);
  const fieldOrder = heldFieldOrder(video, request, container);
  const shape = heldShape(video, request, container);
  const kept = keptHdr(video, request);
  const isOwnHdr = request.video.encoderParams.some(([key]) =>
    /^(master|mastering)-display$|^(max-)?cll$|^content-light$/.test(key),
  );
  const containerHdr =
    kept === null || isOwnHdr ? null : { masteringDisplay: kept.masteringDisplay, contentLight: kept.contentLight };
  return {
    tags: { ...held, fieldOrder, sampleAspectRatio: shape === null ? null : shapeText(shape) },
    hdr: hdr10CodecOf(codec) === null ? null : containerHdr,
    containerHdr,
    notes: [
      ...hdrNotes(video, request),
      ...lostTags(wanted, held, codec, container),
      ...fieldNotes(video, request, fieldOrder),
      ...shapeNotes(video, shape, container),
    ],
  };
}
