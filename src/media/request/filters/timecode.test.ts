import { expect, test } from "bun:test";
import fc from "fast-check";
import { timecodeAfter } from "./timecode.ts";

interface Clock {
  readonly fps: number;
  /** Numbers left out at a minute that is not a tenth. */
  readonly dropped: number;
  readonly rates: readonly string[];
}
const CLOCKS: readonly Clock[] = [
  { fps: 24, dropped: 0, rates: ["24", "24000/1001", "23.976"] },
  { fps: 25, dropped: 0, rates: ["25", "25/1", "25:1"] },
  { fps: 30, dropped: 0, rates: ["30", "30000/1001", "29.97"] },
  { fps: 60, dropped: 0, rates: ["60", "59.94"] },
  { fps: 30, dropped: 2, rates: ["30000/1001", "29.97", "30"] },
  { fps: 60, dropped: 4, rates: ["60000/1001", "59.94"] },
  { fps: 120, dropped: 8, rates: ["120000/1001"] },
];

type Shown = [hours: number, minutes: number, seconds: number, frames: number];

/** A clock that is wound on frame by frame. */
function wind(start: Shown, { fps, dropped }: Clock, times: number): Shown {
  let [hours, minutes, seconds, frames] = start;
  for (let step = 0; step < times; step += 1) {
    frames += 1;
    if (frames < fps) continue;
    frames = 0;
    seconds += 1;
    if (seconds < 60) continue;
    seconds = 0;
    minutes += 1;
    if (minutes === 60) {
      minutes = 0;
      hours += 1;
    }
    if (minutes % 10 !== 0) frames = dropped;
  }
  return [hours, minutes, seconds, frames];
}

function written([hours, minutes, seconds, frames]: Shown, { dropped }: Clock): string {
  const [h, m, s, f] = [hours, minutes, seconds, frames].map((value) => String(value).padStart(2, "0"));
  return `${h}:${m}:${s}${dropped > 0 ? ";" : ":"}${f}`;
}

test("as a clock that is wound on frame by frame, over dropped minutes and tens, and past midnight", () => {
  const start = fc.constantFrom(...CLOCKS).chain((clock) =>
    fc
      .tuple(
        fc.tuple(
          fc.integer({ min: 0, max: 24 }),
          fc.integer({ min: 0, max: 59 }),
          fc.integer({ min: 0, max: 59 }),
          fc.integer({ min: 0, max: clock.fps - 1 }),
        ),
        fc.constantFrom(...clock.rates),
        fc.oneof(fc.nat(100), fc.nat(80_000)),
      )
      // A number that is left out is none to begin with.
      .filter(([[, minutes, seconds, frames]]) => seconds > 0 || minutes % 10 === 0 || frames >= clock.dropped)
      .map((rest) => [clock, ...rest] as const),
  );
  fc.assert(
    fc.property(start, ([clock, from, rate, frames]) => {
      expect(timecodeAfter(written(from, clock), rate, frames)).toBe(written(wind(from, clock, frames), clock));
    }),
    { numRuns: 300 },
  );
});

test("frame by frame over twenty minutes of drop-frame", () => {
  for (const clock of CLOCKS.filter(({ dropped }) => dropped > 0)) {
    let shown: Shown = [0, 49, 58, 0];
    for (let frame = 0; frame < 20 * 60 * clock.fps; frame += 1) {
      const wanted = written(shown, clock);
      const got = timecodeAfter("00:49:58;00", clock.rates[0] ?? "", frame);
      if (got !== wanted) expect([frame, got]).toEqual([frame, wanted]);
      shown = wind(shown, clock, 1);
    }
  }
});

test.each([
  // Hours are turned back where they are shown (tc24hmax), not here.
  ["23:59:59:24", "25", 1, "24:00:00:00"],
  ["23:59:59;29", "30000/1001", 1, "24:00:00;00"],
  // Numbers that no clock shows, read as libavutil reads them.
  ["00:01:00;00", "30000/1001", 0, "00:00:59;28"],
  ["00:00:00:60", "30", 0, "00:00:02:00"],
  ["00:00:59.29", "29.97", 1, "00:01:00.02"],
  ["1:2:3:4", "25", 1, "01:02:03:05"],
] as const)("%s at %s and %i frames", (start, rate, frames, wanted) => {
  expect(timecodeAfter(start, rate, frames)).toBe(wanted);
});

test.each([
  ["00:00:00:00", ""],
  ["00:00:00:00", "0"],
  ["00:00:00:00", "1/0"],
  ["00:00:00:00", "0.3"],
  ["00:00:00:00", "ntsc"],
  ["00:00:00:00", "1000"],
  ["00:00:00;00", "25"],
  ["-1:00:00:00", "25"],
  ["00:00:00", "25"],
  ["noon", "25"],
] as const)("%s at %s is not taken", (start, rate) => {
  expect(timecodeAfter(start, rate, 5)).toBeNull();
});
