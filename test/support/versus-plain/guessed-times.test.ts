import { expect, test } from "bun:test";
import { timesDifferKnown } from "./guessed-times.ts";
import type { Pictures } from "./reading.ts";

const pictures = (seconds: readonly number[]): Pictures => ({
  md5: [],
  thumbs: new Uint8Array(),
  seconds,
  tick: 0.001,
});

test("a picture without a time of its own may be a tick further from where plain ffmpeg guesses it, and no other", () => {
  const ours = pictures([0.0417, 2.7945, 2.8362, 2.8779]);
  // The last one stands 41 ms behind, where the rate has 41.7.
  const plain = pictures([0.042, 2.795, 2.836, 2.877]);
  const all = [true, true, true];
  expect(timesDifferKnown(ours, plain, [...all, false])).toBeNull();
  expect(timesDifferKnown(ours, plain, [...all, true])).toBe("picture 3 is 1.20 ms from its time");
  expect(timesDifferKnown(ours, pictures([0.042, 2.795, 2.836, 2.8755]), [...all, false])).not.toBeNull();
  expect(timesDifferKnown(ours, plain, [false])).toBe("picture 3 is 1.20 ms from its time");
});
