// One quality, x264's CRF, on the scale of each codec and encoder. All are monotonic; none promises equal pictures.

/**
 * x264's CRF on the scale of the codec's quantizer.
 * HEVC: CRF 28 of x265 "should visually correspond to libx264 video at CRF 23" (ffmpeg wiki, Encode/H.265).
 * AV1 and VP9 count 0 to 63 where H.264 counts 0 to 51; "a CRF value of 23 yields a quality level corresponding to
 * CRF 19 for x264" (ffmpeg wiki, Encode/AV1) lies on that line.
 */
export function codecCrf(codec: "h264" | "hevc" | "av1" | "vp9", crf: number): number {
  switch (codec) {
    case "h264":
      return crf;
    case "hevc":
      return Math.min(51, crf + 5);
    case "av1":
    case "vp9":
      return Math.min(63, Math.round((crf * 63) / 51));
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
