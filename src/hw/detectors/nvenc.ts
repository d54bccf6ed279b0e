// NVIDIA's encoders (NVENC) on each GPU, by its index. The encoder opens the device itself.
import { gpuIndices } from "../devices.ts";
import type { FamilyDetector } from "../types.ts";
import { encodersOf } from "./encoders-of.ts";

export const nvencDetector: FamilyDetector = {
  family: "nvenc",
  encoders: encodersOf("nvenc"),
  devices: async () => gpuIndices(),
  trialArgs: () => [],
  canShareProcess: false,
};
