// VA-API on each render node of Linux. A device may have AV1 without H.264 (Mesa builds without patented codecs), so each
// encoder is tried.
import { renderNodes } from "../devices.ts";
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const vaapiDetector: FamilyDetector = {
  family: "vaapi",
  encoders: encodersOf("vaapi"),
  async devices() {
    const nodes = await renderNodes();
    return nodes.length === 0 ? [null] : nodes;
  },
  trialArgs: () => [],
  canShareProcess: false,
};
