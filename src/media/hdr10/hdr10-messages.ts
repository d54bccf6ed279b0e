// The messages that carry HDR10 metadata in H.264, HEVC and AV1, as bytes. Pure.
// H.264 D.1.29 and D.1.31, H.265 D.2.28 and D.2.35 (SEI messages), AV1 5.8.3 and 5.8.4 (metadata OBUs).
import type { HdrMetadata, MasteringDisplay } from "../model/source.ts";

/** The codecs that can carry it in the bitstream. */
export type Hdr10Codec = "h264" | "hevc" | "av1";
export type Hdr10Kind = "masteringDisplay" | "contentLight";
export type StaticHdr = Pick<HdrMetadata, "masteringDisplay" | "contentLight">;

export const SEI_TYPES: ReadonlyMap<number, Hdr10Kind> = new Map([
  [137, "masteringDisplay"],
  [144, "contentLight"],
]);
export const OBU_METADATA_TYPES: ReadonlyMap<number, Hdr10Kind> = new Map([
  [1, "contentLight"],
  [2, "masteringDisplay"],
]);

const START_CODE = [0, 0, 0, 1];
const H264_SEI = [6];
/** nal_unit_type 39 (PREFIX_SEI_NUT), layer 0, temporal id 0. */
const HEVC_PREFIX_SEI = [39 << 1, 1];
/** obu_type 5 (OBU_METADATA), with a size. */
const OBU_METADATA = (5 << 3) | 2;
const STOP_BIT = 0x80;

export function hdr10CodecOf(codec: string): Hdr10Codec | null {
  return codec === "h264" || codec === "hevc" || codec === "av1" ? codec : null;
}

function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(Math.floor(value / 0x1_0000)), ...u16(value % 0x1_0000)];
}

/** Green, blue, red: the order that D.2.28 suggests and every reader expects. */
function displayInSei({ red, green, blue, whitePoint, minLuminance, maxLuminance }: MasteringDisplay): number[] {
  const points = [green, blue, red, whitePoint].flatMap(({ x, y }) => [...u16(x), ...u16(y)]);
  return [...points, ...u32(maxLuminance), ...u32(minLuminance)];
}

/** AV1 6.7.4: red, green, blue; chromaticities in 1/65536, luminances in 1/256 and 1/16384 cd/m². */
function displayInObu({ red, green, blue, whitePoint, minLuminance, maxLuminance }: MasteringDisplay): number[] {
  const chromaticity = (value: number) => u16(Math.min(0xffff, Math.round((value * 65_536) / 50_000)));
  const points = [red, green, blue, whitePoint].flatMap(({ x, y }) => [...chromaticity(x), ...chromaticity(y)]);
  const luminance = (value: number, unit: number) => u32(Math.min(0xffff_ffff, Math.round((value * unit) / 10_000)));
  return [...points, ...luminance(maxLuminance, 256), ...luminance(minLuminance, 16_384)];
}

/**
 * Emulation prevention: two zeros before a byte of at most 3 would read as a start code, so a 3 is inserted (H.264
 * 7.4.1).
 */
export function escaped(payload: readonly number[]): number[] {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3);
      zeros = 0;
    }
    out.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out;
}

function seiNal(header: readonly number[], type: number, payload: readonly number[]): number[] {
  return [...START_CODE, ...header, ...escaped([type, payload.length, ...payload, STOP_BIT])];
}

function metadataObu(type: number, payload: readonly number[]): number[] {
  const content = [type, ...payload, STOP_BIT];
  return [OBU_METADATA, content.length, ...content];
}

/** The kinds of metadata present. */
export function kindsOf({ masteringDisplay, contentLight }: StaticHdr): Hdr10Kind[] {
  return [
    ...(masteringDisplay === null ? [] : (["masteringDisplay"] as const)),
    ...(contentLight === null ? [] : (["contentLight"] as const)),
  ];
}

/** The complete messages of these kinds, ready for a packet. */
export function messagesFor(codec: Hdr10Codec, hdr: StaticHdr, kinds: readonly Hdr10Kind[]): Uint8Array {
  const bytes: number[] = [];
  const { masteringDisplay, contentLight } = hdr;
  if (masteringDisplay !== null && kinds.includes("masteringDisplay")) {
    if (codec === "av1") bytes.push(...metadataObu(2, displayInObu(masteringDisplay)));
    else bytes.push(...seiNal(codec === "hevc" ? HEVC_PREFIX_SEI : H264_SEI, 137, displayInSei(masteringDisplay)));
  }
  if (contentLight !== null && kinds.includes("contentLight")) {
    const levels = [...u16(contentLight.max), ...u16(contentLight.average)];
    if (codec === "av1") bytes.push(...metadataObu(1, levels));
    else bytes.push(...seiNal(codec === "hevc" ? HEVC_PREFIX_SEI : H264_SEI, 144, levels));
  }
  return Uint8Array.from(bytes);
}
