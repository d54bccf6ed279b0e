// AMD's Advanced Media Framework, on Windows and on Linux with AMD's own driver.
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const amfDetector: FamilyDetector = {
  family: "amf",
  encoders: encodersOf("amf"),
  inputArgs: [],
  trialArgs: (encoder) => ["-pix_fmt", "nv12", "-c:v", encoder],
  canShareProcess: false,
  deviceMissing: /DLL \S+ failed to open|failed to initialise|AMFCreateContext/i,
};
