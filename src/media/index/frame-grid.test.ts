import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toNumber } from "../../base/rational.ts";
import { emptyEncodeRequest } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";
import { candidateGrid } from "../plan/candidate-grid.ts";
import { FrameGrid } from "./frame-grid.ts";

const FILM = { num: 24_000, den: 1001 };
const STEP = { num: 1001, den: 24_000 };

function info(over: Partial<SourceInfo["video"]> = {}, startMicroseconds = 0): SourceInfo {
  const video = { timeBase: { num: 1, den: 1000 }, realFrameRate: FILM, averageFrameRate: FILM, ...over };
  return { startMicroseconds, video } as unknown as SourceInfo;
}

/** Sees the frames in this order; the neighbours are those of the frames seen so far. */
function watched(pts: readonly number[], source = info()): FrameGrid {
  const grid = new FrameGrid(STEP, source);
  const known: number[] = [];
  for (const one of pts) {
    known.push(one);
    known.sort((a, b) => a - b);
    const at = known.indexOf(one);
    grid.see(one, [known[at - 1] ?? Number.NaN, known[at + 1] ?? Number.NaN]);
  }
  return grid;
}

const rounded = (frames: number, offsetMs = 0) =>
  Array.from({ length: frames }, (_, k) => Math.round(offsetMs + (k * 1001) / 24));

test("milliseconds of 23.976 stand on their grid wherever it begins, in decoding order, with some frames lost", () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.nat(99), fc.nat(), (offset, lost, seed) => {
      const frames = rounded(100, offset).filter((_, position) => position !== lost);
      // Decoding order: never far from that of presentation.
      const place = (position: number) => position + ((position * 7919 + seed) % 9);
      const order = [...frames.entries()].toSorted(([a], [b]) => place(a) - place(b)).map(([, pts]) => pts);
      const grid = watched(order);
      expect(grid.broken).toBeNull();
      const [first = 0] = frames;
      expect(Math.abs(grid.beginsUs(first) - first * 1000)).toBeLessThanOrEqual(500);
      // Nearest tick: one frame apart wherever the source's are.
      const ticks = frames.map((pts) => Math.round(pts / 1000 / toNumber(grid.tick)));
      const parts = Math.round(toNumber(STEP) / toNumber(grid.tick));
      for (let k = 1; k < ticks.length; k += 1) {
        const frame = Math.round((((frames[k] ?? 0) - (frames[k - 1] ?? 0)) * 24) / 1001);
        expect((ticks[k] ?? 0) - (ticks[k - 1] ?? 0)).toBe(frame * parts);
      }
    }),
    // Seen later than they are shown, a fifth of a frame beside the grid: four parts would leave no room for rounding.
    { numRuns: 200, examples: [[1760, 0, 0]] },
  );
});

test("frames from zero on take whole places; half a frame beside it they take halves", () => {
  expect(watched(rounded(50)).tick).toEqual(STEP);
  expect(watched(rounded(50, 21)).tick).toEqual({ num: 1001, den: 48_000 });
  // The file begins 21 ms before its picture: the job's zero is there.
  expect(watched(rounded(50), info({}, -21_000)).tick).toEqual({ num: 1001, den: 48_000 });
});

describe("not on the grid", () => {
  const moved = rounded(100).map((pts, position) => (position === 60 ? pts + 3 : pts));
  test("a frame beside its place", () => expect(watched(moved).broken).toContain("a frame at 2506 ticks"));
  test("another rate from somewhere on", () => {
    const slower = Array.from({ length: 50 }, (_, k) => 4171 + k * 33);
    expect(watched([...rounded(100), ...slower]).broken).not.toBeNull();
  });
  test("two frames on one place", () => expect(watched([0, 41, 42]).broken).toContain("shares its slot"));
  test("half of the places empty", () =>
    expect(watched(rounded(200).filter((_, position) => position % 2 === 0)).broken).toContain("empty"));
});

describe("candidates", () => {
  const request = emptyEncodeRequest();
  test("where the container rounds and the output does not", () => {
    expect(candidateGrid(info(), request, "mp4")).toEqual(STEP);
    expect(candidateGrid(info(), request, "mkv")).toBeNull();
    expect(candidateGrid(info({ timeBase: { num: 1, den: 24_000 } }), request, "mp4")).toBeNull();
    expect(candidateGrid(info({ averageFrameRate: { num: 12, den: 1 } }), request, "mp4")).toBeNull();
    expect(candidateGrid(info({ realFrameRate: { num: 1000, den: 1 } }), request, "mp4")).toBeNull();
    const video = { ...request.video, frameRate: "25" };
    expect(candidateGrid(info(), { ...request, video }, "mp4")).toBeNull();
  });
});

test("the tick of a grid is one that the encoder can count in", () => {
  const rate = { num: 30_000, den: 1001 };
  const source = info({ realFrameRate: rate, averageFrameRate: rate });
  const step = { num: 1001, den: 30_000 };
  const tickOf = (mostTicks?: number) => {
    const grid = new FrameGrid(step, source, mostTicks);
    // A third of a frame, in milliseconds.
    grid.see(23, [Number.NaN, Number.NaN]);
    return { tick: grid.tick, isBroken: grid.broken !== null };
  };
  expect(tickOf()).toEqual({ tick: { num: 1001, den: 90_000 }, isBroken: false });
  expect(tickOf(65_535).tick.den).toBeLessThanOrEqual(65_535);
  const fast = { num: 120_000, den: 1001 };
  const empty = emptyEncodeRequest();
  const gridFor = (encoder: string) =>
    candidateGrid(
      info({ realFrameRate: fast, averageFrameRate: fast }),
      { ...empty, video: { ...empty.video, encoder } },
      "mp4",
    );
  expect([gridFor("mpeg4"), gridFor("libx264")]).toEqual([null, { num: 1001, den: 120_000 }]);
});
