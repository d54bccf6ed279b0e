import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GopJoiner, mayCutAt, type Span, tangledSpans } from "./subtitle-cuts.ts";

const span = (startMs: number, endMs: number): Span => ({ startMs, endMs });

describe("where events are tangled", () => {
  test.each([
    ["one after the other", [span(0, 100), span(100, 200), span(300, 400)], []],
    ["a second joins a first", [span(0, 100), span(50, 200)], [span(50, 200)]],
    ["and a third the second, when the first is gone", [span(0, 100), span(50, 200), span(150, 300)], [span(50, 300)]],
    ["in any order", [span(150, 300), span(0, 100), span(50, 200), span(400, 500)], [span(50, 300)]],
    [
      "one that lasts to the end",
      [span(0, Number.POSITIVE_INFINITY), span(50, 60)],
      [span(50, Number.POSITIVE_INFINITY)],
    ],
  ] as const)("%s", (_, events, spans) => {
    expect(tangledSpans(events)).toEqual([...spans]);
  });
  test("a cut that is allowed has at most one event on it, which has been alone since it began", () => {
    const event = fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 80 })).map(([at, length]) => span(at, at + length));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), fc.nat(600), (events, at) => {
        if (!mayCutAt(at, tangledSpans(events))) return;
        const shown = events.filter(({ startMs, endMs }) => startMs <= at && at < endMs);
        expect(shown.length).toBeLessThanOrEqual(1);
        const [only] = shown;
        if (only === undefined) return;
        const met = events.filter((one) => one !== only && one.startMs < at && one.endMs > only.startMs);
        expect(met).toEqual([]);
      }),
    );
  });
});

test("groups are joined over forbidden boundaries, as they stream in, and none is lost", () => {
  const joiner = new GopJoiner((endPts) => endPts !== 20 && endPts !== 30 && endPts !== 60);
  const gop = (startPts: number) => ({ startPts, endPts: startPts + 10, frames: 5 });
  expect(joiner.push([gop(0), gop(10)])).toEqual([{ startPts: 0, endPts: 10, frames: 5 }]);
  expect(joiner.push([gop(20)])).toEqual([]);
  expect(joiner.push([gop(30), gop(40), gop(50)])).toEqual([
    { startPts: 10, endPts: 40, frames: 15 },
    { startPts: 40, endPts: 50, frames: 5 },
  ]);
  expect(joiner.end()).toEqual([{ startPts: 50, endPts: 60, frames: 5 }]);
  expect(joiner.end()).toEqual([]);
});

test("what is joined begins where its first part does, at the price of that part", () => {
  const joiner = new GopJoiner((endPts) => endPts !== 20);
  const part = { startPts: 10, endPts: 20, frames: 5, leadFrames: 5, leadBytes: 900 };
  const joined = { startPts: 10, endPts: 30, frames: 10, leadFrames: 5, leadBytes: 900 };
  expect(joiner.push([part, { startPts: 20, endPts: 30, frames: 5, leadFrames: 10, leadBytes: 1800 }])).toEqual([
    joined,
  ]);
});
