// Encoders that run on the CPU.
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

/** Fast settings for encoders that are slow by default. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  libx264: ["-preset", "ultrafast"],
  libx264rgb: ["-preset", "ultrafast"],
  libx265: ["-preset", "ultrafast", "-x265-params", "log-level=error"],
  libsvtav1: ["-preset", "10"],
  "libaom-av1": ["-cpu-used", "8"],
  libvpx: ["-deadline", "realtime", "-cpu-used", "8"],
  "libvpx-vp9": ["-deadline", "realtime", "-cpu-used", "8"],
  dnxhd: ["-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"],
};

export const softwareDetector: FamilyDetector = {
  family: "software",
  encoders: encodersOf("software"),
  devices: async () => [null],
  trialArgs: (encoder) => QUICK[encoder] ?? [],
  canShareProcess: true,
};
