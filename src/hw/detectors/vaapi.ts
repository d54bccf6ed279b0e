// VA-API on Linux, on each render node. A device may lack H.264 and still have AV1 (Mesa builds without patented
// codecs), so each encoder is tried.
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
