// NVIDIA's encoders (NVENC). The device is opened by the encoder itself.
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const nvencDetector: FamilyDetector = {
  family: "nvenc",
  encoders: encodersOf("nvenc"),
  inputArgs: [],
  trialArgs: (encoder) => ["-pix_fmt", "yuv420p", "-c:v", encoder],
  canShareProcess: false,
  deviceMissing: /Cannot load (lib)?(cuda|nvcuda|nvidia-encode)|No capable devices found|no NVENC capable/i,
};
