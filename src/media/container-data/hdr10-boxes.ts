// HDR10 metadata as MP4 and Matroska write it. Pure.
import type { HdrMetadata, MasteringDisplay } from "../model/source.ts";
import { element, joined } from "./ebml.ts";

type StaticHdr = Pick<HdrMetadata, "masteringDisplay" | "contentLight">;

function box(type: string, fields: (view: DataView) => void, bytes: number): Uint8Array {
  const all = new Uint8Array(8 + bytes);
  const view = new DataView(all.buffer);
  view.setUint32(0, all.length);
  for (let at = 0; at < 4; at++) all[4 + at] = type.charCodeAt(at);
  fields(new DataView(all.buffer, 8));
  return all;
}

/** `mdcv` and `clli` (ISO/IEC 14496-12 section 12.1.6 and 12.1.7, as in H.265 D.2.28: green, blue, red). */
export function hdr10Mp4({ masteringDisplay: display, contentLight: levels }: StaticHdr): Uint8Array[] {
  return [
    ...(display === null ? [] : [box("mdcv", (view) => putDisplay(view, display), 24)]),
    ...(levels === null
      ? []
      : [
          box(
            "clli",
            (view) => {
              view.setUint16(0, levels.max);
              view.setUint16(2, levels.average);
            },
            4,
          ),
        ]),
  ];
}

function putDisplay(view: DataView, display: MasteringDisplay): void {
  for (const [position, point] of [display.green, display.blue, display.red, display.whitePoint].entries()) {
    view.setUint16(4 * position, point.x);
    view.setUint16(4 * position + 2, point.y);
  }
  view.setUint32(16, display.maxLuminance);
  view.setUint32(20, display.minLuminance);
}

const MASTERING_METADATA = 0x55_d0;
const MAX_CLL = 0x55_bc;
const MAX_FALL = 0x55_bd;

function float(id: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return element(id, bytes, 1);
}

function uint16(id: number, value: number): Uint8Array {
  return element(id, Uint8Array.of(value >> 8, value & 0xff), 1);
}

/** Elements of Matroska's Colour (RFC 9559 section 5.1.4.1.28.16): chromaticities as fractions of 1, light in cd/m². */
export function hdr10Mkv({ masteringDisplay: display, contentLight: levels }: StaticHdr): Uint8Array[] {
  const points = display === null ? [] : [display.red, display.green, display.blue, display.whitePoint];
  const numbers = points.flatMap(({ x, y }) => [x / 50_000, y / 50_000]);
  const luminances = display === null ? [] : [display.maxLuminance / 10_000, display.minLuminance / 10_000];
  const fields = [...numbers, ...luminances].map((value, position) => float(MASTERING_METADATA + 1 + position, value));
  return [
    ...(levels === null ? [] : [uint16(MAX_CLL, levels.max), uint16(MAX_FALL, levels.average)]),
    ...(fields.length === 0 ? [] : [element(MASTERING_METADATA, joined(fields))]),
  ];
}
