import { describe, expect, test } from "bun:test";
import { GrowingFrameIndex } from "../../index/growing-frame-index.ts";
import { parseEncodeParams } from "../../request/parse/parse-params.ts";
import { crowdOf } from "./check-steps.ts";
import { crowdTick, sourceSteps } from "./source-steps.ts";

/** An AVI of 50 ticks a second whose packets say that they last one. */
const TICKS = { num: 1, den: 50 };
const MILLISECOND = 0.001;

function aviOf(shown: readonly number[]): GrowingFrameIndex {
  const index = new GrowingFrameIndex(TICKS, { num: 25, den: 1 });
  for (const [position, pts] of shown.entries()) {
    const packet = { pts, dts: pts, duration: 1, bytePosition: null, isDiscarded: false };
    index.add({ ...packet, isKey: position === 0 });
  }
  index.finish();
  return index;
}

/** What is said of pictures shown at these seconds in Matroska. */
function crowdIn(index: GrowingFrameIndex, params: string, shown: readonly number[]): string | null {
  const request = parseEncodeParams(params);
  const tick = crowdTick(index, request, MILLISECOND);
  return crowdOf({ shown, tick, picture: sourceSteps(index, request, tick) });
}

const fieldsOf = (ticks: readonly number[]) =>
  ticks.flatMap((at, n) => [at / 50, (at + (ticks[n + 1] ?? at + 1)) / 100]);

const PAUSE = [0, 28, 30, 32, 34, 36, 38, 40];
const FIELDS = "-c:v libx264 -vf yadif=1";

describe("behind a pause in an AVI", () => {
  test("fields of pictures of two ticks are a tick apart, as they should be", () => {
    expect(crowdIn(aviOf(PAUSE), FIELDS, fieldsOf(PAUSE))).toBeNull();
  });
  test("so are fields of pictures of one tick half a tick apart", () => {
    const single = [0, 28, 29, 30, 31, 32, 33, 34];
    expect(crowdIn(aviOf(single), FIELDS, fieldsOf(single))).toBeNull();
  });
  test("pictures of a rate are a tick apart all along", () => {
    const all = Array.from({ length: 41 }, (_, n) => n / 50);
    expect(crowdIn(aviOf(PAUSE), "-c:v libx264 -vf fps=50", all)).toBeNull();
  });
  test("fields half a tick apart are a crowd where the source's pictures last two", () => {
    const crowded = [0, ...Array.from({ length: 7 }, (_, n) => 0.56 + n / 100)];
    expect(crowdIn(aviOf(PAUSE), FIELDS, crowded)).toBe("pictures 1 to 6 are a tick apart");
  });
});

test("fine ticks: the output's count, for fields too", () => {
  const index = new GrowingFrameIndex({ num: 1, den: 90_000 }, { num: 25, den: 1 });
  expect(crowdTick(index, parseEncodeParams(FIELDS), MILLISECOND)).toBe(MILLISECOND);
  expect(crowdTick(index, parseEncodeParams(FIELDS))).toBe(1 / 180_000);
  expect(crowdTick(index, parseEncodeParams("-c:v libx264 -vf fps=25"))).toBe(1 / 90_000);
});
