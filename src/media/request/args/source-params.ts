// Parameters about the source that ffmpeg 5.1 does not pass to the encoder: HDR10 metadata, interlaced coding, and
// AV1's chroma location. Pure.

import type { EncodeRequest, NamedOption } from "../../model/encode-request.ts";
import { isDeep } from "../../model/hdr.ts";
import type { HdrMetadata, MasteringDisplay, SourceVideo } from "../../model/source.ts";
import type { ParamsKind } from "../tables/encoders.ts";
import { encodedFormat } from "./encoded-format.ts";
import { keepsColour, keepsFields, keepsShape } from "./picture-changes.ts";

/** The HDR10 metadata that still describes the output; null when there is none or the colours change. */
export function keptHdr(video: SourceVideo, request: EncodeRequest): HdrMetadata | null {
  const { hdr } = video;
  if (hdr === undefined || (hdr.masteringDisplay === null && hdr.contentLight === null)) return null;
  const { primaries, transfer, space } = request.video.colour;
  const isRetagged = [primaries, transfer, space].some((tag) => tag !== null);
  if (isRetagged || !keepsColour(request)) return null;
  return isDeep(encodedFormat(video, request)) ? hdr : null;
}

/** In whole units, as x264 and x265 read it. */
function displayInUnits({ red, green, blue, whitePoint, minLuminance, maxLuminance }: MasteringDisplay): string {
  const point = ({ x, y }: { x: number; y: number }) => `(${x},${y})`;
  return `G${point(green)}B${point(blue)}R${point(red)}WP${point(whitePoint)}L(${maxLuminance},${minLuminance})`;
}

/** In decimals, as SVT-AV1 reads it: five places of chromaticity and four of cd/m² hold every unit. */
function displayInDecimals({ red, green, blue, whitePoint, minLuminance, maxLuminance }: MasteringDisplay): string {
  const point = ({ x, y }: { x: number; y: number }) => `(${(x / 50_000).toFixed(5)},${(y / 50_000).toFixed(5)})`;
  const luminances = `L(${(maxLuminance / 10_000).toFixed(4)},${(minLuminance / 10_000).toFixed(4)})`;
  return `G${point(green)}B${point(blue)}R${point(red)}WP${point(whitePoint)}${luminances}`;
}

type HdrWords = {
  readonly display: string;
  readonly levels: string;
  readonly write: (display: MasteringDisplay) => string;
  readonly always: readonly NamedOption[];
};

const HDR_WORDS: Readonly<Partial<Record<ParamsKind, HdrWords>>> = {
  x264: { display: "mastering-display", levels: "cll", write: displayInUnits, always: [] },
  x265: {
    display: "master-display",
    levels: "max-cll",
    write: displayInUnits,
    always: [
      ["hdr10", "1"],
      ["repeat-headers", "1"],
    ],
  },
  svtav1: { display: "mastering-display", levels: "content-light", write: displayInDecimals, always: [] },
};

function hdrParams(kind: ParamsKind, hdr: HdrMetadata): NamedOption[] {
  const words = HDR_WORDS[kind];
  if (words === undefined) return [];
  const { masteringDisplay, contentLight } = hdr;
  return [
    ...(masteringDisplay === null ? [] : [[words.display, words.write(masteringDisplay)] as const]),
    ...(contentLight === null ? [] : [[words.levels, `${contentLight.max},${contentLight.average}`] as const]),
    ...words.always,
  ];
}

const FIELD_KEYS = ["interlaced", "tff", "bff", "fake-interlaced", "no-interlaced"];

/** x264's lossless mode is not quite that with fields: single samples come out one off (met with x264 164, any preset). */
function isMeantLossless({ video: { quality } }: EncodeRequest): boolean {
  return (quality?.kind === "qp" || quality?.kind === "crf") && Number(quality.value) === 0;
}

/**
 * x264 alone codes fields: "tt" or "bb" when the output's pictures are still the source's fields, else null. Its 4:2:0
 * needs a height in fours, and the baseline profile has no interlaced tools (H.264 A.2.1).
 */
export function codedFields(video: SourceVideo, request: EncodeRequest): "tt" | "bb" | null {
  const order = request.video.fieldOrder ?? video.fieldOrder;
  const { encoder, profile, encoderParams } = request.video;
  if (encoder !== "libx264" || profile === "baseline" || video.height % 4 !== 0) return null;
  if (video.rotationDegrees !== 0 || !keepsShape(request) || !keepsFields(request)) return null;
  if (encoderParams.some(([key]) => FIELD_KEYS.includes(key)) || isMeantLossless(request)) return null;
  return order === "tt" || order === "bb" ? order : null;
}

/** libaom's words; 5.1's wrapper passes no chroma location. H.273's other places have no word in AV1. */
const AOM_CHROMA: Readonly<Record<string, string>> = { left: "vertical", topleft: "colocated" };

/** Pairs for the encoder library's parameter string, without keys that the user set. */
export function sourceParams(kind: ParamsKind, video: SourceVideo, request: EncodeRequest): NamedOption[] {
  const hdr = keptHdr(video, request);
  const fields = kind === "x264" ? codedFields(video, request) : null;
  const location = request.video.colour.chromaLocation ?? (keepsColour(request) ? video.colour.chromaLocation : null);
  const chroma = kind === "aom" ? AOM_CHROMA[location ?? ""] : undefined;
  const params: NamedOption[] = [
    ...(hdr === null ? [] : hdrParams(kind, hdr)),
    ...(fields === null ? [] : [[fields === "tt" ? "tff" : "bff", "1"] as const]),
    ...(chroma === undefined ? [] : [["chroma-sample-position", chroma] as const]),
  ];
  const given = new Set(request.video.encoderParams.map(([key]) => key));
  return params.filter(([key]) => !given.has(key));
}
