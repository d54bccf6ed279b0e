import { expect, test } from "bun:test";
import { delayToAddUs } from "./opus-delay.ts";

/** Where the sound is heard in the file: the muxer rounds, then adds the delay in milliseconds unless it forgets it (5.1). */
function heardMs(soundUs: number, delayNs: number, addsDelay: boolean): number {
  const roundedMs = Math.round(delayNs / 1e6);
  const shortUs = addsDelay ? 0 : roundedMs * 1000;
  const packetUs = soundUs - delayNs / 1000 + delayToAddUs(shortUs, delayNs);
  return Math.round(packetUs / 1000) + (addsDelay ? roundedMs : 0);
}

test.each([
  ["the usual delay", 6_500_000],
  ["the delay of a low one", 2_500_000],
  ["a whole number", 20_000_000],
  ["no delay", 0],
  ["an odd number of samples", 6_520_833],
] as const)("Opus in Matroska is heard within half a millisecond of its time: %s", (_, delayNs) => {
  for (const addsDelay of [true, false]) {
    for (let us = 30_000; us < 31_000; us += 125) {
      expect(Math.abs(heardMs(us, delayNs, addsDelay) - us / 1000)).toBeLessThanOrEqual(0.55);
    }
  }
});

test("sound that begins at a whole millisecond stays there, although its first packet begins halfway", () => {
  expect(heardMs(7000, 6_500_000, true)).toBe(7);
  expect(heardMs(7000, 6_500_000, false)).toBe(7);
});
