// How far a correct encode may differ from the source's picture, by encoder and quality. The numbers were measured over
// real and synthetic clips (docs/MEASURED.md §9); each leaves a margin above the worst case. Pure.
import type { EncodeRequest } from "../../../model/encode-request.ts";
import type { ColourFit } from "./colour-fit.ts";
import type { PlaneMeasures } from "./measure-plane.ts";

/**
 * lossless: the very samples. high, usual: what people choose to look at. coarse: anything may come out that still is the
 * picture: the worst quantizers, tiny bit rates, and requests whose quality nobody can tell.
 */
export type Quality = "lossless" | "high" | "usual" | "coarse";

const LOSSLESS = new Set(["ffv1", "utvideo", "huffyuv", "ffvhuff", "png", "qtrle", "rawvideo"]);
/** Highest number of a quantizer or rate factor that is still high, and still usual. */
const BOUNDS: readonly (readonly [RegExp, number, number])[] = [
  [/^(libx264|libx264rgb|libx265|libkvazaar)$/, 24, 32],
  [/^(libsvtav1|libaom-av1|librav1e|libvpx-vp9)$/, 32, 45],
  [/^libvpx$/, 10, 24],
  [/^(mpeg4|mpeg2video|mpeg1video|mjpeg|libxvid)$/, 4, 8],
];
/** The quality of an encoder's defaults: x264 23, x265 28, SVT-AV1 35. */
const DEFAULT_QUALITY: Readonly<Record<string, Quality>> = {
  libx264: "high",
  libx264rgb: "high",
  libx265: "usual",
  libsvtav1: "usual",
  prores_ks: "usual",
  prores: "usual",
  dnxhd: "usual",
};
/** Options that move the quality by another way than -crf, -qp and -q. */
const OTHER_WAYS = /crf|^q|qp|rate|lossless|denoise|grain|^aq/;

function isLossless({ encoder, quality, encoderParams, privateOptions }: EncodeRequest["video"]): boolean {
  if (LOSSLESS.has(encoder)) return true;
  const isSet = (name: string) =>
    [...encoderParams, ...privateOptions].some(([key, value]) => key === name && value === "1");
  if (encoder === "libx265" || encoder === "libvpx-vp9") return isSet("lossless");
  return (encoder === "libx264" || encoder === "libx264rgb") && quality?.kind === "qp" && Number(quality.value) === 0;
}

/** The expected quality of a request's pictures. */
export function expectedQuality({ video }: Pick<EncodeRequest, "video">): Quality {
  if (isLossless(video)) return "lossless";
  const { quality, bitrate, maxrate, encoder } = video;
  const isMoved = [...video.encoderParams, ...video.privateOptions].some(([key]) => OTHER_WAYS.test(key));
  // libvpx takes its factor for a bound on its own small bit rate, unless that is 0.
  const isBound = encoder.startsWith("libvpx") ? bitrate !== 0 : bitrate !== null && bitrate !== 0;
  if (isMoved || isBound || maxrate !== null) return "coarse";
  if (quality === null) return DEFAULT_QUALITY[encoder] ?? "coarse";
  const bounds = BOUNDS.find(([names]) => names.test(encoder));
  if (bounds === undefined || !["crf", "qp", "qscale"].includes(quality.kind)) return "coarse";
  const value = Number(quality.value);
  return value <= bounds[1] ? "high" : value <= bounds[2] ? "usual" : "coarse";
}

export interface Thresholds {
  /** Levels that the whole picture may change by: a constant, and a part of what is lost besides. */
  readonly colour: number;
  readonly colourPart: number;
  /** Difference of block means: a constant in levels, and a part of the picture's own detail. */
  readonly fit: number;
  readonly fitPart: number;
  /** Mean squared error: a constant in squared levels, and a part of the picture's own variance. */
  readonly error: number;
  readonly errorPart: number;
  readonly ssim: number;
  /** Another picture fits instead when its error is at most this part of the own one's. */
  readonly instead: number;
}

const THRESHOLDS: Readonly<Record<Exclude<Quality, "lossless">, Thresholds>> = {
  high: { colour: 0.7, colourPart: 0.8, fit: 4, fitPart: 0.35, error: 36, errorPart: 1, ssim: 0.3, instead: 0.6 },
  usual: { colour: 1.6, colourPart: 0.8, fit: 4, fitPart: 0.35, error: 36, errorPart: 1, ssim: 0.25, instead: 0.6 },
  coarse: { colour: 8, colourPart: 1.5, fit: 12, fitPart: 0.8, error: 64, errorPart: 2, ssim: 0, instead: 1 / 4 },
};

/**
 * Levels by which a block of two pictures in a row must differ before it tells which of them an output shows. x264 at crf 23
 * leaves a drift of 3 levels for later pictures (39.2 dB against the picture before, 36.8 dB against its own); a step of its
 * quantizer is 8 to 16 levels there.
 */
export function leastApartFor(instead: number): number {
  return instead === THRESHOLDS.coarse.instead ? 24 : 10;
}

/** Levels of detail below which coarse quantizers may paint one even colour. */
const FAINT_DETAIL = 16;
/** Levels that an encoder loses in each sample when it spends enough bits for the usual floors. */
const FINE_LOSS = 3;
/** Blocks of 8 by 8 below which a picture is too small for more than the coarse floors. */
const FEW_BLOCKS = 100;

/** A request of unknown quality whose picture came out fine is held to the usual floors. */
export function thresholdsOf(
  quality: Exclude<Quality, "lossless">,
  measured: PlaneMeasures,
  fit: ColourFit,
): Thresholds {
  if (fit.blocks < FEW_BLOCKS) return THRESHOLDS.coarse;
  if (quality !== "coarse") return THRESHOLDS[quality];
  const loss = Math.sqrt(Math.max(0, measured.error - fit.explained ** 2));
  return fit.detail >= FAINT_DETAIL && loss <= FINE_LOSS ? THRESHOLDS.usual : THRESHOLDS.coarse;
}

/** Levels by which the picture as a whole may differ. Coarse quantizers wipe out detail that is faint. */
export function mostColourChange(thresholds: Thresholds, fit: ColourFit): number {
  const faint =
    thresholds === THRESHOLDS.coarse ? Math.max(0, Math.min(fit.detail, 2 * FAINT_DETAIL - fit.detail)) / 2 : 0;
  return thresholds.colour + thresholds.colourPart * fit.unexplained + faint;
}
