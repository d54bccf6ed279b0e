// Apple's VideoToolbox. `-allow_sw 0` keeps a trial from passing on Apple's software fallback.
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const videotoolboxDetector: FamilyDetector = {
  family: "videotoolbox",
  encoders: encodersOf("videotoolbox"),
  devices: async () => [null],
  trialArgs: () => ["-allow_sw", "0"],
  canShareProcess: false,
};
