// Apple's VideoToolbox. `-allow_sw 0` makes a trial prove the hardware and not Apple's software fallback.
import type { FamilyDetector } from "../types.ts";

export const videotoolboxDetector: FamilyDetector = {
  family: "videotoolbox",
  encoders: ["h264_videotoolbox", "hevc_videotoolbox"],
  inputArgs: [],
  trialArgs: (encoder) => ["-pix_fmt", "nv12", "-c:v", encoder, "-allow_sw", "0"],
  canShareProcess: false,
  deviceMissing: null,
};
