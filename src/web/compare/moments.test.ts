import { expect, test } from "bun:test";
import { frameAt, lookOf, momentText, secondsAt, worstOf } from "./moments.ts";

/** Ten pictures in the first second, two in the next. */
const film = { frames: 12, seconds: 2, times: [0, 10].map((frame) => ({ frame, seconds: frame / 10 })) };

test("a picture's moment is exact at known times, and found again from it", () => {
  expect([0, 5, 10, 11].map((frame) => secondsAt(film, frame))).toEqual([0, 0.5, 1, 1.5]);
  for (let frame = 0; frame < 12; frame += 1) expect(frameAt(film, secondsAt(film, frame))).toBe(frame);
  expect([frameAt(film, -1), frameAt(film, 99)]).toEqual([0, 11]);
});

test("the worst moments stand apart, and what is identical is none", () => {
  const scores = [40, 31, 30.5, null, 35].map((psnr, at) => ({
    frame: [0, 100, 101, 500, 900][at] ?? 0,
    psnr,
    ssim: 1,
  }));
  expect(worstOf({ scores, frames: 1000 }).map(({ frame }) => frame)).toEqual([101, 900, 0]);
});

test("words", () => {
  expect([momentText(12.48), momentText(3725.0004)]).toEqual(["0:12.480", "1:02:05.000"]);
  expect([null, 45, 37, 31, 20].map(lookOf)).toEqual([
    "identical",
    "no difference to the eye",
    "hard to see",
    "visible beside the source",
    "plainly visible",
  ]);
});
