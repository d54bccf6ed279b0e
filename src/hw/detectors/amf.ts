// AMD's Advanced Media Framework, on Windows and on Linux with AMD's own driver. ffmpeg offers no choice of the GPU.
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const amfDetector: FamilyDetector = {
  family: "amf",
  encoders: encodersOf("amf"),
  devices: async () => [null],
  trialArgs: () => [],
  canShareProcess: false,
};
