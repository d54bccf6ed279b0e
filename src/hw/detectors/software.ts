// Encoders that run on the CPU. Listed here: those that an encode request may name and that a trial proves quickly.
import type { FamilyDetector } from "../types.ts";

/** The quickest settings of the encoders that are slow to open or to run by default. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  libx264: ["-preset", "ultrafast"],
  libx264rgb: ["-preset", "ultrafast"],
  libx265: ["-preset", "ultrafast", "-x265-params", "log-level=error"],
  libsvtav1: ["-preset", "10"],
  "libaom-av1": ["-cpu-used", "8"],
  librav1e: ["-speed", "10"],
  libvpx: ["-deadline", "realtime", "-cpu-used", "8"],
  "libvpx-vp9": ["-deadline", "realtime", "-cpu-used", "8"],
  dnxhd: ["-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"],
};

export const softwareDetector: FamilyDetector = {
  family: "software",
  encoders: [
    "libx264",
    "libx264rgb",
    "libx265",
    "libsvtav1",
    "libaom-av1",
    "librav1e",
    "libvpx",
    "libvpx-vp9",
    "ffv1",
    "ffvhuff",
    "huffyuv",
    "utvideo",
    "prores",
    "prores_aw",
    "prores_ks",
    "dnxhd",
    "mjpeg",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "libxvid",
    "libtheora",
  ],
  inputArgs: [],
  trialArgs: (encoder) => ["-c:v", encoder, ...(QUICK[encoder] ?? [])],
  canShareProcess: true,
  deviceMissing: null,
};
