// Intel Quick Sync. The encoder opens its own session when it is given frames in system memory.
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const qsvDetector: FamilyDetector = {
  family: "qsv",
  encoders: encodersOf("qsv"),
  inputArgs: [],
  trialArgs: (encoder) => ["-pix_fmt", "nv12", "-c:v", encoder],
  canShareProcess: false,
  deviceMissing: /MFX session|No device available|Device creation failed/i,
};
