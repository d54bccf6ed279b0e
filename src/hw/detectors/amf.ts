// AMD's Advanced Media Framework, on Windows and on Linux with AMD's own driver.
import type { FamilyDetector } from "../types.ts";

export const amfDetector: FamilyDetector = {
  family: "amf",
  encoders: ["h264_amf", "hevc_amf", "av1_amf"],
  inputArgs: [],
  trialArgs: (encoder) => ["-pix_fmt", "nv12", "-c:v", encoder],
  canShareProcess: false,
  deviceMissing: /DLL \S+ failed to open|failed to initialise|AMFCreateContext/i,
};
