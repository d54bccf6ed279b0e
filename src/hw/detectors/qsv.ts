// Intel Quick Sync. The encoder opens its own session when it is given frames in system memory.
import type { FamilyDetector } from "../types.ts";

export const qsvDetector: FamilyDetector = {
  family: "qsv",
  encoders: ["h264_qsv", "hevc_qsv", "av1_qsv"],
  inputArgs: [],
  trialArgs: (encoder) => ["-pix_fmt", "nv12", "-c:v", encoder],
  canShareProcess: false,
  deviceMissing: /MFX session|No device available|Device creation failed/i,
};
