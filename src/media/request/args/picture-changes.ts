// Which filters of a request change what the picture's tags describe: its colours, its fields, its shape. Pure.
import type { EncodeRequest, FilterCall } from "../../model/encode-request.ts";

const COLOUR_FILTERS = new Set(["colorspace", "tonemap", "setparams", "setrange", "colormatrix", "zscale"]);
/** Options of scale and zscale that leave the colours alone; any other may convert them. */
const SIZE_OPTIONS = new Set([
  ...["w", "width", "h", "height", "s", "size", "flags", "eval", "interl", "filter", "f", "dither", "d"],
  ...["force_original_aspect_ratio", "force_divisible_by", "param0", "param1", "sws_flags", "param_a", "param_b"],
]);
const SHAPE_FILTERS = new Set(["scale", "zscale", "crop", "pad", "transpose", "rotate", "setsar", "setdar"]);
const FIELD_FILTERS = new Set([
  "yadif",
  "bwdif",
  "w3fdif",
  "setfield",
  "setparams",
  "fieldorder",
  "tinterlace",
  "interlace",
  "kerndeint",
  "estdif",
  "pullup",
  "fieldmatch",
]);

/** Filters that draw new pictures and drop the decoder's colour tags (measured: 5.1; in part 9.0). */
const FORGETFUL_FILTERS = new Set(["tmix", "tmedian", "lagfun", "zoompan"]);

function pixelFormats(call: FilterCall): string[] {
  return call.options.flatMap(([, value]) => value.split("|"));
}

/** Another depth or subsampling of Y'CbCr keeps its colours; RGB, grey and the full-range yuvj formats do not. */
function convertsColour(call: FilterCall): boolean {
  if (call.name === "format" || call.name === "noformat")
    return pixelFormats(call).some((format) => !/^(yuva?4|p0|p2|p4|nv)/.test(format));
  if (call.name === "scale" || call.name === "zscale") return call.options.some(([key]) => !SIZE_OPTIONS.has(key));
  return COLOUR_FILTERS.has(call.name);
}

export function keepsColour(request: EncodeRequest): boolean {
  return !request.filters.some(convertsColour);
}

/** Position of the first filter in a chain that drops the colour tags; -1: none does. */
export function firstForgetful(calls: readonly FilterCall[]): number {
  return calls.findIndex((call) => FORGETFUL_FILTERS.has(call.name));
}

/** True when the pictures reach the encoder without colour tags although no filter changes the colours. */
export function forgetsColour({ filters }: EncodeRequest): boolean {
  return firstForgetful(filters) !== -1;
}

export function keepsFields(request: EncodeRequest): boolean {
  return !request.filters.some((call) => FIELD_FILTERS.has(call.name));
}

/** True when the picture keeps its size and sample aspect ratio. */
export function keepsShape(request: EncodeRequest): boolean {
  return request.video.size === null && !request.filters.some((call) => SHAPE_FILTERS.has(call.name));
}

/**
 * The requested pixel format, from -pix_fmt or the last `format` filter; null: the source's, if the encoder takes it.
 */
export function askedPixelFormat(request: EncodeRequest): string | null {
  const filter = request.filters.filter((call) => call.name === "format").at(-1);
  return request.video.pixelFormat ?? (filter === undefined ? null : (pixelFormats(filter)[0] ?? null));
}
