// The detector of each family of encoders: one file each in detectors/.
import type { EncoderFamily } from "../media/model/encoder-family.ts";
import { amfDetector } from "./detectors/amf.ts";
import { nvencDetector } from "./detectors/nvenc.ts";
import { qsvDetector } from "./detectors/qsv.ts";
import { softwareDetector } from "./detectors/software.ts";
import { vaapiDetector } from "./detectors/vaapi.ts";
import { videotoolboxDetector } from "./detectors/videotoolbox.ts";
import type { FamilyDetector } from "./types.ts";

export const DETECTORS: Readonly<Record<EncoderFamily, FamilyDetector>> = {
  software: softwareDetector,
  nvenc: nvencDetector,
  qsv: qsvDetector,
  amf: amfDetector,
  videotoolbox: videotoolboxDetector,
  vaapi: vaapiDetector,
};
