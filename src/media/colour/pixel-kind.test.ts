import { expect, test } from "bun:test";
import { hasDeepSamples } from "./pixel-kind.ts";

const DEEP =
  "yuv420p10le yuva444p12be gray9le gray16be gbrp10le gbrapf32le p010le p416be y210le xv36le nv20le rgb48le x2rgb10le rgba64be yuv444p10msble";
const NOT_DEEP = "yuv420p yuvj422p yuv410p gray rgb24 bgr0 nv12 nv16 pal8 rgb565le rgb555be bgr444le monob ya8";

test("the depth of samples by a format's name", () => {
  expect(DEEP.split(" ").filter((format) => !hasDeepSamples(format))).toEqual([]);
  expect(NOT_DEEP.split(" ").filter(hasDeepSamples)).toEqual([]);
});
