import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseRational, rescale } from "../../base/rational.ts";
import { evenClock, nutTick, sharedClock } from "./frame-clock.ts";

const TICK = { num: 1, den: 90_000 };

test("times at even distances give the clock that counts frames, wherever they begin", () => {
  expect(evenClock([0, 3600, 7200, 10_800], TICK)).toEqual({ num: 1, den: 25 });
  expect(evenClock([3600, 7200, 10_800], TICK)).toEqual({ num: 1, den: 25 });
  expect(evenClock([0, 1001, 2002], { num: 1, den: 30_000 })).toEqual({ num: 1001, den: 30_000 });
  expect(evenClock([7, 8, 9, 10], { num: 1001, den: 24_000 })).toEqual({ num: 1001, den: 24_000 });
});

test("a few lost frames leave it as it is, many do not", () => {
  const frames = Array.from({ length: 100 }, (_, at) => at * 3600);
  expect(
    evenClock(
      frames.filter((_, at) => at !== 40),
      TICK,
    ),
  ).toEqual({ num: 1, den: 25 });
  expect(
    evenClock(
      frames.filter((_, at) => at % 5 !== 2),
      TICK,
    ),
  ).toBeNull();
});

test("none where a time would be rounded: uneven distances, a beginning beside the clock, one frame", () => {
  expect(evenClock([0, 42, 83, 125], { num: 1, den: 1000 })).toBeNull();
  expect(evenClock([100, 3700, 7300], TICK)).toBeNull();
  expect(evenClock([0], TICK)).toBeNull();
  expect(evenClock([], TICK)).toBeNull();
  expect(evenClock([5, 5, 5], TICK)).toBeNull();
});

test("all segments have one clock: one with a gap and one of a single frame count like the others", () => {
  const all = Array.from({ length: 100 }, (_, at) => at * 3600).filter((pts) => pts !== 8 * 3600);
  const clockOf = (own: readonly number[], timeBase = TICK, whole: readonly number[] | null = all) =>
    sharedClock(own, () => whole, timeBase);
  for (const own of [all.slice(20, 30), all.slice(6, 10), all.slice(7, 9), all.slice(-1)])
    expect(clockOf(own)).toEqual({ num: 1, den: 25 });
  // Nobody has it where the whole is uneven or not known.
  for (const whole of [null, [0, 42, 83, 125]]) expect(clockOf(all.slice(20, 30), TICK, whole)).toBeNull();
  // 1/12800 s makes the same file as 1/25 s: each may have its own.
  const fine = { num: 1, den: 12_800 };
  expect(clockOf([0, 512, 1024], fine, [0, 512, 1024, 2048])).toEqual({ num: 1, den: 25 });
  expect(clockOf([1024], fine, [0, 512, 1024])).toBeNull();
});

test("whatever the times: there and back on the clock is the very time", () => {
  const gaps = fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 200 });
  const subject = fc.record({ gaps, step: fc.integer({ min: 1, max: 5000 }), first: fc.nat(1_000_000) });
  let found = 0;
  fc.assert(
    fc.property(subject, fc.boolean(), ({ gaps: all, step, first }, isAligned) => {
      let pts = isAligned ? first * step : first;
      const times = [pts];
      for (const gap of all) {
        pts += gap * step;
        times.push(pts);
      }
      const clock = evenClock(times, TICK);
      if (clock === null) return;
      found += 1;
      for (const [at, time] of times.entries()) {
        const counted = rescale(time, TICK, clock);
        expect(rescale(counted, clock, TICK)).toBe(time);
        if (at > 0) expect(counted).toBeGreaterThan(rescale(times[at - 1] ?? 0, TICK, clock));
      }
    }),
    { numRuns: 500 },
  );
  expect(found).toBeGreaterThan(20);
});

test.each([
  ["1001/48000", "1/48000"],
  ["1001/96000", "1/96000"],
  ["1/25", "1/51200"],
  ["1/12800", "1/51200"],
  ["1/1000", "1/64000"],
  ["1001/30000", "1/60000"],
  ["1/90000", "1/90000"],
])("an encoder that counts in %s makes a NUT file that counts in %s", (encoder, file) => {
  const [asked, expected] = [parseRational(encoder), parseRational(file)];
  if (asked === null || expected === null) throw new Error("no rational");
  expect(nutTick(asked)).toEqual(expected);
});
