import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { shownFrom } from "../model/cadence.ts";
import { renderedChain } from "../request/args/video-args.ts";
import { cadenceWithin, renderCadence } from "../request/filters/render-cadence.ts";
import { checkEncodeRequest } from "../request/parse/check-request.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { cadenceOf } from "./cadence-of.ts";
import { type SyncedFrames, syncOutput } from "./output-sync.ts";

const RATES = [
  { num: 30, den: 1 },
  { num: 24_000, den: 1001 },
  { num: 60, den: 1 },
  { num: 1, den: 2 },
];
const CLOCKS = [
  { num: 1, den: 1000 },
  { num: 1, den: 24 },
  { num: 1001, den: 30_000 },
  { num: 1, den: 90_000 },
];

/** Frames of constant or of any distance, as a container rounds them. */
const source = fc
  .record({
    clock: fc.constantFrom(...CLOCKS),
    rate: fc.constantFrom(...RATES),
    rule: fc.constantFrom("rounded" as const, "exact" as const),
    start: fc.double({ min: 0, max: 2, noNaN: true }),
    steps: fc.oneof(
      fc.constantFrom(1 / 24, 1001 / 24_000, 1 / 60, 0.1).map((step) => Array.from({ length: 90 }, () => step)),
      fc.array(fc.double({ min: 0.002, max: 0.6, noNaN: true }), { minLength: 1, maxLength: 90 }),
    ),
    hasFilters: fc.boolean(),
    isAlone: fc.boolean(),
  })
  .map(({ clock, rate, rule, start, steps, ...more }): SyncedFrames => {
    const pts: number[] = [];
    const durations: number[] = [];
    let at = start;
    for (const step of steps) {
      const tick = Math.max(Math.round((at * clock.den) / clock.num), (pts.at(-1) ?? -1) + 1);
      pts.push(tick);
      at += step;
      durations.push(Math.max(1, Math.round((step * clock.den) / clock.num)));
    }
    return { rule, pts, durations, timeBase: clock, rate, sourceFrameRate: { num: 25, den: 1 }, ...more };
  });

describe("a cadence", () => {
  test("puts each frame where the output stage begins to show it, and the part of a range does so there", () => {
    fc.assert(
      fc.property(source, fc.nat(), fc.nat(), (frames, a, b) => {
        const { pts, timeBase, rate } = frames;
        const shown = syncOutput(frames);
        if (shown === null) throw new Error("not shown");
        const cadence = cadenceOf(pts, shown, timeBase, rate);
        expect(pts.map((each) => shownFrom(cadence, each, timeBase, rate))).toEqual([...shown.begins]);
        // A range, and the frame that ends it.
        const from = a % pts.length;
        const to = Math.min(pts.length - 1, from + (b % pts.length));
        const fine = (position: number) => ((pts[position] ?? 0) * cadence.tick.den) / timeBase.den;
        const part = cadenceWithin(cadence, fine(from), fine(to));
        const range = pts.slice(from, to + 1);
        expect(range.map((each) => shownFrom(part, each, timeBase, rate))).toEqual(shown.begins.slice(from, to + 1));
        // What is decoded before the range, to get there, lies before it or gives way to its first frame.
        const before = pts.slice(0, from).map((each) => shownFrom(part, each, timeBase, rate));
        expect(before.every((each) => each <= (shown.begins[from] ?? 0))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  const cadence = {
    tick: { num: 1, den: 2400 },
    shifts: [
      [0, -3],
      [100, 7],
      [900, 0],
    ] as const,
    end: 150,
  };

  // The last frame is held where the rate is known: ffmpeg 7 forgets it behind setpts, and would add frames without end.
  test("as filters: early by whole seconds behind fps, so that the end is never before the last frame", () => {
    expect<string>(renderCadence(cadence, { num: 30, den: 1 })).toBe(
      [
        String.raw`settb=expr=1/2400,setpts=expr=PTS-4800-(if(lt(PTS\,100)\,-3\,if(lt(PTS\,900)\,7\,0)))`,
        "fps=fps=30/1:eof_action=pass,settb=expr=1/30,tpad=stop=-1:stop_mode=clone,setpts=expr=PTS+60,trim=end_pts=150",
      ].join(","),
    );
  });

  test("travels with a request, and only with one that asks for a rate", () => {
    const request = parseEncodeParams("-vf hflip -r 30");
    const rated = { ...request, video: { ...request.video, cadence } };
    expect(checkEncodeRequest(JSON.parse(JSON.stringify(rated)))).toEqual(rated);
    expect(renderedChain(rated).length).toBe(2);
    const unasked = { ...rated, video: { ...rated.video, frameRate: null } };
    expect(() => checkEncodeRequest(unasked)).toThrow("not one that the option parser makes");
  });
});
