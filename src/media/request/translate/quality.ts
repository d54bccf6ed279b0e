// Converts one quality, x264's CRF, to the scale of each codec and encoder. All conversions are monotonic; those of the
// software encoders were measured (docs/ENCODERS.md), the others follow the documentation.

type Point = readonly [crf: number, value: number];

/** Of SVT-AV1 and libaom: where they reach x264's PSNR. A step of CRF means far less in the lower half of their scale. */
const AV1: readonly Point[] = [
  [0, 0],
  [13.5, 13],
  [20.5, 31],
  [27.5, 47],
  [34.5, 60],
  [51, 63],
];
const VP9: readonly Point[] = [
  [0, 0],
  [13.5, 12],
  [20.5, 28],
  [27.5, 42],
  [34.5, 55],
  [51, 63],
];

/** On the line between the two points around `crf`. */
function between(points: readonly Point[], crf: number): number {
  for (const [position, [to, high]] of points.entries()) {
    if (crf > to) continue;
    const [from, low] = points[position - 1] ?? [to, high];
    return to === from ? high : Math.round(low + ((high - low) * (crf - from)) / (to - from));
  }
  return points.at(-1)?.[1] ?? 0;
}

/**
 * x264's CRF on the scale of the codec's quantizer.
 * HEVC: CRF 28 of x265 "should visually correspond to libx264 video at CRF 23" (ffmpeg wiki, Encode/H.265), by PSNR it
 * is 25: between the two.
 */
export function codecCrf(codec: "h264" | "hevc" | "av1" | "vp9", crf: number): number {
  switch (codec) {
    case "h264":
      return crf;
    case "hevc":
      return Math.min(51, crf + 3);
    case "av1":
      return between(AV1, crf);
    case "vp9":
      return between(VP9, crf);
  }
}

/** The same as a whole number of a scale that begins at 1 (ICQ of Quick Sync, CQP of VA-API): 0 would mean "unset". */
export function wholeCrf(codec: "h264" | "hevc", crf: number): number {
  return Math.max(1, Math.round(codecCrf(codec, crf)));
}

/** On a scale that ends at `top` and begins at 1, for the AV1 and VP9 encoders that do not count to 63. */
export function scaledCrf(crf: number, top: number): number {
  return Math.min(top, Math.max(1, Math.round((crf * top) / 51)));
}

/** VideoToolbox counts 1 to 100, the best last. */
export function percentOfCrf(crf: number): number {
  return Math.min(100, Math.max(1, Math.round(100 - (crf * 100) / 51)));
}
