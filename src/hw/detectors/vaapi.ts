// VA-API on Linux. Frames are uploaded to the first render node, where ffmpeg looks too.
// A device may lack H.264 and still have AV1 (Mesa builds without patented codecs), so each encoder is tried.
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const vaapiDetector: FamilyDetector = {
  family: "vaapi",
  encoders: encodersOf("vaapi"),
  inputArgs: ["-vaapi_device", "/dev/dri/renderD128"],
  trialArgs: (encoder) => ["-vf", "format=nv12,hwupload", "-c:v", encoder],
  canShareProcess: false,
  deviceMissing: /No VA display found|Device creation failed|Failed to initiali[sz]e VAAPI/i,
};
