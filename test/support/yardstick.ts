// How plain ffmpeg must be asked so that its decoding can be held against a lossless job: which decoder, which encoder,
// which pixel format, and what differs. Uses no code of the product.
import { type Frames, framesOf, largestTimingError } from "./frames.ts";

export interface Picture {
  readonly codec: string;
  readonly format: string;
  readonly pixels: number;
  readonly hasAlpha: boolean;
}

/** Of the main video; all empty for a file without one, which the product is to refuse. */
export async function pictureOf(path: string): Promise<Picture> {
  const entries = "stream=codec_name,pix_fmt,width,height:stream_tags=alpha_mode";
  const asked = ["ffprobe", "-v", "error", "-select_streams", "V:0", "-show_entries", entries, "-of", "default=nw=1"];
  const child = Bun.spawn([...asked, `file:${path}`], { stdout: "pipe", stderr: "ignore" });
  const lines = (await child.stdout.text())
    .split("\n")
    .map((line) => line.toLowerCase().split("=") as [string, string]);
  await child.exited;
  const told = new Map(lines);
  const pixels = Number(told.get("width")) * Number(told.get("height"));
  const [codec = "", format = ""] = [told.get("codec_name"), told.get("pix_fmt")];
  return { codec, format, pixels, hasAlpha: told.get("tag:alpha_mode") === "1" };
}

/** Full-range formats have no FFV1 form, and FFV1 of minutes of 1080p fills disks: both go to x264, lossless too. */
export function losslessFor({ format, pixels }: Picture): string {
  const isLarge = pixels >= 1280 * 720 && /^yuv4[0-9]{2}p$/.test(format);
  return format.startsWith("yuvj") || isLarge ? "-c:v libx264 -qp 0 -preset ultrafast" : "-c:v ffv1";
}

/** FFV1 has no 12-bit form with alpha: the encoder is given 16 bits, and so is the yardstick. */
export function comparedAs({ format }: Picture): string | null {
  return /^yuva4[0-9]{2}p12/.test(format) ? `format=${format.replace("p12", "p16")}` : null;
}

/** ffmpeg's own VP8 and VP9 decoders drop the alpha plane, which the product keeps: the yardstick must see it too. */
export function yardstickDecoder({ codec, hasAlpha }: Picture): string[] {
  return hasAlpha && (codec === "vp8" || codec === "vp9") ? ["-c:v", codec === "vp8" ? "libvpx" : "libvpx-vp9"] : [];
}

/** Matroska's own tick, and a little for floating point. */
const MILLISECOND = 0.001_001;

export interface Difference {
  /** "pictures": as many, each at its time, but not all the same. */
  readonly kind: "count" | "times" | "pictures";
  readonly text: string;
}

/** Null: the output decodes to what the source decodes to. */
export function differenceOf(want: Frames, got: Frames): Difference | null {
  if (want.md5.length !== got.md5.length) {
    return { kind: "count", text: `${got.md5.length} frames instead of ${want.md5.length}` };
  }
  const error = largestTimingError(want, got);
  if (error > MILLISECOND) return { kind: "times", text: `times differ by up to ${(error * 1000).toFixed(3)} ms` };
  const at = want.md5.findIndex((md5, index) => md5 !== got.md5[index]);
  return at < 0 ? null : { kind: "pictures", text: `frame ${at} of ${want.md5.length} differs` };
}

/** Of the yardstick's own decoding, one after the other until every difference is met; some decoders race. */
const THREADS = ["1", "2", "3", "4", "2", "3", "4", "8"];

export interface Decoding {
  readonly path: string;
  readonly filter: string | null;
  readonly inputArgs: readonly string[];
}

/**
 * Some decoders conceal damaged pictures by the number of their threads, with what happens to be decoded. True: `got`
 * differs from `want` only in pictures that plain ffmpeg itself decodes differently from run to run.
 */
export async function differsByDamageAlone(source: Decoding, want: Frames, got: Frames): Promise<boolean> {
  if (want.md5.length !== got.md5.length) return false;
  const unsettled = new Set<number>();
  for (const threads of THREADS) {
    const again = await framesOf(source.path, source.filter, [...source.inputArgs, "-threads", threads]);
    for (const [index, md5] of want.md5.entries()) if (again.md5[index] !== md5) unsettled.add(index);
    if (want.md5.every((md5, index) => md5 === got.md5[index] || unsettled.has(index))) return true;
  }
  return false;
}
