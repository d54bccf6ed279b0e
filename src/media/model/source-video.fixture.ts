// Sources for tests of argument lists: an ordinary eight-bit picture and an HDR10 one. Tests say what differs in theirs.
import type { HdrMetadata, SourceVideo } from "./source.ts";

export const EIGHT_BITS: SourceVideo = {
  streamIndex: 0,
  codec: "h264",
  profile: "High",
  width: 1920,
  height: 1080,
  pixelFormat: "yuv420p",
  timeBase: { num: 1, den: 24_000 },
  realFrameRate: { num: 24, den: 1 },
  averageFrameRate: { num: 24, den: 1 },
  sampleAspectRatio: { num: 1, den: 1 },
  fieldOrder: "progressive",
  rotationDegrees: 0,
  colour: { range: "tv", space: "bt709", transfer: "bt709", primaries: "bt709", chromaLocation: "left" },
  hasAlpha: false,
};

export const TEN_BITS: SourceVideo = { ...EIGHT_BITS, codec: "hevc", profile: "Main 10", pixelFormat: "yuv420p10le" };

/** P3 primaries, D65 white, 0.005 to 1000 cd/m²; MaxCLL 1000, MaxFALL 400. */
export const HDR10_METADATA: HdrMetadata = {
  masteringDisplay: {
    red: { x: 34_000, y: 16_000 },
    green: { x: 13_250, y: 34_500 },
    blue: { x: 7500, y: 3000 },
    whitePoint: { x: 15_635, y: 16_450 },
    minLuminance: 50,
    maxLuminance: 10_000_000,
  },
  contentLight: { max: 1000, average: 400 },
  dynamic: [],
};

export const HDR10: SourceVideo = {
  ...TEN_BITS,
  colour: { range: "tv", space: "bt2020nc", transfer: "smpte2084", primaries: "bt2020", chromaLocation: "topleft" },
  hdr: HDR10_METADATA,
};
