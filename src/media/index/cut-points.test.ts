import { expect, test } from "bun:test";
import fc from "fast-check";
import { piecesOf } from "./cut-points.ts";
import { GrowingFrameIndex } from "./growing-frame-index.ts";

/** `delay`: by how many frames decoding runs ahead; `hidden`: so many are, at the start. A packet has 1000 bytes. */
function indexOf(keys: readonly boolean[], steps: readonly number[], delay: number, hidden = 0): GrowingFrameIndex {
  const index = new GrowingFrameIndex({ num: 1, den: 90_000 }, { num: 25, den: 1 });
  let clock = 0;
  const shown = keys.map((isKey, at) => {
    clock += steps[at % steps.length] ?? 3600;
    return { pts: clock, isKey: isKey || at === 0 };
  });
  for (const [at, frame] of shown.entries()) {
    const dts = shown[at - delay]?.pts ?? at - delay;
    index.add({ ...frame, dts, duration: 1, isDiscarded: at < hidden, bytePosition: at * 1000 });
  }
  index.finish();
  return index;
}

test("a group of 60 s in parts of half a second, each with what lies before it", () => {
  const index = indexOf(new Array<boolean>(1500).fill(false), [3600], 2);
  const [gop] = index.gops;
  if (gop === undefined) throw new Error("no group");
  const pieces = piecesOf(gop, index);
  expect(pieces.length).toBe(116);
  expect(pieces[0]).toEqual({ startPts: 3600, endPts: 3600 * 14, frames: 13 });
  expect(pieces[1]).toMatchObject({ frames: 13, leadFrames: 13 });
  // Packets are marked every half second: what must be read is known so closely.
  expect(pieces[1]?.leadBytes).toBeWithin(13_000, 30_000);
  expect(pieces.at(-1)).toMatchObject({ endPts: index.endPts, leadFrames: 1500 - (pieces.at(-1)?.frames ?? 0) });
});

test("a short group is one piece, and costs nothing", () => {
  const index = indexOf([true, false, false, true, false], [3600], 0);
  expect(index.gops.flatMap((gop) => piecesOf(gop, index))).toEqual(
    index.gops.map(({ startPts, endPts, frames }) => ({ startPts, endPts, frames })),
  );
});

test("on any index the pieces are the source: no frame lost, none twice, each beginning on a frame", () => {
  const isKey = fc.integer({ min: 0, max: 60 }).map((roll) => roll === 0);
  const steps = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(isKey, { minLength: 1, maxLength: 600 }),
      steps,
      fc.nat(4),
      fc.nat(40),
      (keys, ticks, delay, hidden) => {
        const index = indexOf(keys, ticks, delay, Math.min(hidden, keys.length - 1));
        const frames = new Set(index.framePts(null, null));
        let reached = index.gops[0]?.startPts;
        for (const gop of index.gops) {
          let lead = 0;
          if (gop.frames === 0) {
            expect(piecesOf(gop, index)).toEqual([{ startPts: gop.startPts, endPts: gop.endPts, frames: 0 }]);
            reached = gop.endPts;
            continue;
          }
          for (const { startPts, endPts, frames: count, leadFrames = 0, leadBytes = 0 } of piecesOf(gop, index)) {
            expect(startPts).toBe(reached ?? startPts);
            expect(lead === 0 || frames.has(startPts)).toBe(true);
            expect(count).toBe(index.countFrames(startPts, endPts));
            expect(count).toBeGreaterThan(0);
            expect(leadFrames).toBe(lead);
            expect(leadBytes).toBeGreaterThanOrEqual(0);
            lead += count;
            reached = endPts;
          }
          expect(lead).toBe(gop.frames);
        }
        expect(reached).toBe(index.endPts ?? reached);
      },
    ),
    { numRuns: 200 },
  );
});
