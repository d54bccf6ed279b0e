// Intel Quick Sync on each of Intel's render nodes. Outside Linux the encoder finds its device itself.
import { intelNodes } from "../devices.ts";
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const qsvDetector: FamilyDetector = {
  family: "qsv",
  encoders: encodersOf("qsv"),
  async devices() {
    const nodes = await intelNodes();
    return nodes.length === 0 ? [null] : nodes;
  },
  trialArgs: () => [],
  canShareProcess: false,
};
