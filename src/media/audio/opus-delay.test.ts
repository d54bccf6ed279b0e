import { expect, test } from "bun:test";
import { delayToAddUs } from "./opus-delay.ts";

/** Milliseconds by which a packet is late, whose sound begins here: the muxer rounds, then adds the delay unless it forgets it (5.1). */
function late(soundUs: number, delayNs: number, addsDelay: boolean): { stated: number; asRead: number } {
  const roundedMs = Math.round(delayNs / 1e6);
  const shortUs = addsDelay ? 0 : roundedMs * 1000;
  const packetUs = soundUs - delayNs / 1000 + delayToAddUs(shortUs, delayNs);
  const blockMs = Math.round(packetUs / 1000) + (addsDelay ? roundedMs : 0);
  // Behind the beginning ffmpeg takes off what it rounded the delay to.
  const asRead = blockMs - roundedMs - (soundUs / 1000 - delayNs / 1e6);
  return { stated: blockMs - soundUs / 1000, asRead };
}

test.each([
  ["the usual delay", 6_500_000],
  ["the delay of a low one", 2_500_000],
  ["a whole number", 20_000_000],
  ["no delay", 0],
  ["an odd number of samples", 6_520_833],
] as const)("Opus in Matroska is heard within three quarters of a millisecond of its time: %s", (_, delayNs) => {
  for (const addsDelay of [true, false]) {
    for (let us = 30_000; us < 31_000; us += 125) {
      const { stated, asRead } = late(us, delayNs, addsDelay);
      expect(Math.max(Math.abs(stated), Math.abs(asRead))).toBeLessThanOrEqual(0.751);
    }
  }
});

test("sound that begins at a whole millisecond stays there, although its first packet begins halfway", () => {
  expect(late(7000, 6_500_000, true).stated).toBe(0);
  expect(late(7000, 6_500_000, false).stated).toBe(0);
});
