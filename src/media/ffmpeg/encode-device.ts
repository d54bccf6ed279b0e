// ffmpeg's options for the device that a hardware encoder runs on: before the input, at the end of the filter chain,
// and for the encoder. Pure. Sources: ffmpeg "Advanced Video options" (-init_hw_device, -filter_hw_device), ffmpeg wiki
// Hardware/VAAPI and Hardware/QuickSync, `ffmpeg -h encoder=h264_nvenc` (-gpu).
import { assertNever } from "../../base/assert.ts";
import type { EncoderFamily } from "../model/encoder-family.ts";
import { isDeep } from "../model/hdr.ts";
import { type FilterText, writeFilter } from "./filter-graph.ts";

export interface EncodeDevice {
  readonly family: EncoderFamily;
  /** A render node ("/dev/dri/renderD128") or a GPU's index ("0"); null: the one that the family picks itself. */
  readonly id: string | null;
}

/** Null: the CPU. */
export function isHardware(device: EncodeDevice | null): boolean {
  return device !== null && device.family !== "software";
}

const FIRST_RENDER_NODE = "/dev/dri/renderD128";

/** Before the input. The device's name in this one ffmpeg is "gpu". */
export function deviceInitArgs(device: EncodeDevice | null): readonly string[] {
  if (device === null) return [];
  switch (device.family) {
    case "vaapi":
      return ["-init_hw_device", `vaapi=gpu:${device.id ?? FIRST_RENDER_NODE}`, "-filter_hw_device", "gpu"];
    case "qsv":
      // The encoder takes frames in system memory and opens its session on this device.
      return device.id === null ? [] : ["-init_hw_device", `qsv=gpu:hw_any,child_device=${device.id}`];
    case "software":
    case "nvenc": // -gpu, an option of the encoder
    case "amf": // no way to choose one
    case "videotoolbox":
      return [];
    default:
      return assertNever(device.family);
  }
}

/**
 * The end of the filter chain: VA-API's encoders only take frames on the device. `pixelFormat`: the format to encode.
 */
export function uploadFilters(device: EncodeDevice | null, pixelFormat: string): readonly FilterText[] {
  if (device?.family !== "vaapi") return [];
  return [writeFilter("format", [["pix_fmts", isDeep(pixelFormat) ? "p010le" : "nv12"]]), writeFilter("hwupload")];
}

/**
 * Options before the input that decode on the encoding device. No output format is named, so frames return to system
 * memory and every filter works as usual; ffmpeg decodes in software where the device does not support the codec.
 * Empty: the family has no decoder that works without an explicit format.
 */
export function deviceDecodeArgs(device: EncodeDevice | null): readonly string[] {
  if (device === null) return [];
  switch (device.family) {
    case "nvenc":
      return ["-hwaccel", "cuda", ...(device.id === null ? [] : ["-hwaccel_device", device.id])];
    case "vaapi":
      return ["-hwaccel", "vaapi", "-hwaccel_device", "gpu"];
    case "qsv":
      // -hwaccel qsv keeps frames on the device; the same chip decodes through VA-API.
      return device.id === null ? [] : ["-hwaccel", "vaapi", "-hwaccel_device", device.id];
    case "videotoolbox":
      return ["-hwaccel", "videotoolbox"];
    case "software":
    case "amf":
      return [];
    default:
      return assertNever(device.family);
  }
}

/** Follow the encoder's options. */
export function deviceEncoderArgs(device: EncodeDevice | null): readonly string[] {
  return device?.family === "nvenc" && device.id !== null ? ["-gpu", device.id] : [];
}
