// Reads HDR metadata from the side data of a stream or frame that ffprobe lists. Pure.
import { z } from "zod";
import { parseRational } from "../../base/rational.ts";
import type { Chromaticity, DynamicHdr, HdrMetadata, MasteringDisplay, SourceVideo } from "./source.ts";

export const sideDataSchema = z.looseObject({
  side_data_type: z.string().optional(),
  rotation: z.number().optional(),
});
export type SideData = z.infer<typeof sideDataSchema>;

const CHROMATICITY_UNITS = 50_000;
const LUMINANCE_UNITS = 10_000;
const MOST_LUMINANCE = 0xffff_ffff;
const MOST_LIGHT_LEVEL = 0xffff;

/** libavutil's av_frame_side_data_name and av_packet_side_data_name. */
const DYNAMIC: readonly (readonly [RegExp, DynamicHdr])[] = [
  [/^DOVI|Dolby Vision/, "Dolby Vision"],
  [/HDR10\+|SMPTE2094-40/, "HDR10+"],
  [/CUVA|HDR Vivid/i, "HDR Vivid"],
];

/** Parses "34000/50000" into units of 1/`units`; null when the text is no such number or the value exceeds `most`. */
function scaled(value: unknown, units: number, most: number): number | null {
  const parsed = typeof value === "string" ? parseRational(value) : null;
  if (parsed === null) return null;
  const number = Math.round((parsed.num * units) / parsed.den);
  return number >= 0 && number <= most ? number : null;
}

function chromaticity(data: SideData, name: string): Chromaticity | null {
  const x = scaled(data[`${name}_x`], CHROMATICITY_UNITS, CHROMATICITY_UNITS);
  const y = scaled(data[`${name}_y`], CHROMATICITY_UNITS, CHROMATICITY_UNITS);
  return x === null || y === null ? null : { x, y };
}

/** Null when a value is missing or out of range: an incomplete mastering display is useless. */
function readMasteringDisplay(data: SideData): MasteringDisplay | null {
  const red = chromaticity(data, "red");
  const green = chromaticity(data, "green");
  const blue = chromaticity(data, "blue");
  const whitePoint = chromaticity(data, "white_point");
  const minLuminance = scaled(data.min_luminance, LUMINANCE_UNITS, MOST_LUMINANCE);
  const maxLuminance = scaled(data.max_luminance, LUMINANCE_UNITS, MOST_LUMINANCE);
  if (red === null || green === null || blue === null || whitePoint === null) return null;
  if (minLuminance === null || maxLuminance === null || maxLuminance <= minLuminance) return null;
  return { red, green, blue, whitePoint, minLuminance, maxLuminance };
}

function readLightLevel(data: SideData): HdrMetadata["contentLight"] {
  const { max_content: max, max_average: average } = data;
  if (typeof max !== "number" || typeof average !== "number") return null;
  if (max < 0 || average < 0 || max > MOST_LIGHT_LEVEL || average > MOST_LIGHT_LEVEL || max + average === 0)
    return null;
  return { max, average };
}

/** Undefined when the list contains no HDR metadata. The first entry of each kind counts. */
export function readHdr(list: readonly SideData[]): HdrMetadata | undefined {
  let masteringDisplay: MasteringDisplay | null = null;
  let contentLight: HdrMetadata["contentLight"] = null;
  const dynamic = new Set<DynamicHdr>();
  for (const data of list) {
    const type = data.side_data_type ?? "";
    if (type === "Mastering display metadata") masteringDisplay ??= readMasteringDisplay(data);
    if (type === "Content light level metadata") contentLight ??= readLightLevel(data);
    for (const [pattern, name] of DYNAMIC) if (pattern.test(type)) dynamic.add(name);
  }
  if (masteringDisplay === null && contentLight === null && dynamic.size === 0) return undefined;
  return { masteringDisplay, contentLight, dynamic: [...dynamic] };
}

/** Ten bits and more, by ffmpeg's name of the pixel format. */
export function isDeep(pixelFormat: string): boolean {
  return /(10|12|14|16)(le|be)$|^p0(10|12|16)|^p[24]1[06]|^x2rgb10/.test(pixelFormat);
}

/** Whether it is worth decoding a frame to look for HDR metadata: pictures of eight bits have none. */
export function mayHoldHdr(video: SourceVideo): boolean {
  return isDeep(video.pixelFormat);
}
