// NVIDIA's encoders (NVENC), one GPU after the other by its index. The device is opened by the encoder itself.
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
