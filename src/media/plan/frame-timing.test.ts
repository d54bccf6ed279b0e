import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { cadenceOf } from "../cadence/cadence-of.ts";
import { syncOutput } from "../cadence/output-sync.ts";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { Gop, SourceInfo } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { clockOffsetUs, clockShift } from "../source/source-clock.ts";
import { boundaryTime, type FrameTiming, frameTimingOf, outputTimes } from "./frame-timing.ts";
import { OutputGroups } from "./output-groups.ts";
import { boundsOf, isCertain, plannedFrames } from "./planned-frames.ts";

const MS = { num: 1, den: 1000 };

function timingOf(params: string, timeBase = MS): FrameTiming {
  const plan = frameTimingOf(parseEncodeParams(params), timeBase);
  if (plan === null) throw new Error(`${params}: no plan`);
  return plan;
}

const RATE = { num: 60_000, den: 1001 };

/** `-r` is planned for a source that is known. */
function timingFor(params: string, { info, index }: Pick<Source, "info" | "index">): FrameTiming {
  if (!params.startsWith("-r ")) return timingOf(params);
  const shift = clockShift(clockOffsetUs(info), MS);
  const pts = index.framePts(null, null).map((each) => each + shift);
  const durations = pts.map((each, position) => (pts[position + 1] ?? each + index.lastDuration) - each);
  const source = {
    rule: "exact",
    pts,
    durations,
    timeBase: MS,
    rate: RATE,
    hasFilters: false,
    isAlone: false,
  } as const;
  const shown = syncOutput({ ...source, sourceFrameRate: null });
  if (shown === null) throw new Error("no cadence");
  const { video, ...request } = parseEncodeParams(params);
  const plan = frameTimingOf({ ...request, video: { ...video, cadence: cadenceOf(pts, shown, MS, RATE) } }, MS);
  if (plan === null) throw new Error(`${params}: no plan`);
  return plan;
}

function outOf(params: string, pts: number[], endPts: number): readonly number[] {
  return outputTimes(timingOf(params), { pts, endPts }).pts;
}

describe("the times that filters give", () => {
  test("fps puts a frame on every tick, from the first frame's to the end's", () => {
    expect(outOf("-vf fps=25", [0, 40, 80], 120)).toEqual([0, 1, 2]);
    expect(outOf("-vf fps=50", [0, 40, 80], 120)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(outOf("-vf fps=10", [0, 40, 80, 120, 160, 200], 240)).toEqual([0, 1]);
    expect(outOf("-vf fps=10:eof_action=pass", [0, 40, 80, 120, 160, 200], 240)).toEqual([0, 1, 2]);
    expect(outOf("-vf fps=1", [0, 40], 80)).toEqual([]);
  });
  test("halves go away from zero, unless round= says otherwise", () => {
    expect(boundaryTime(timingOf("-vf fps=10"), 50)).toBe(1);
    expect(boundaryTime(timingOf("-vf fps=10"), -50)).toBe(-1);
    expect(boundaryTime(timingOf("-vf fps=10:round=down"), 99)).toBe(0);
    expect(boundaryTime(timingOf("-vf fps=10:round=up"), 1)).toBe(1);
    expect(boundaryTime(timingOf("-vf fps=10:round=zero"), -99)).toBe(0);
    expect(boundaryTime(timingOf("-vf fps=10:round=inf"), -1)).toBe(-1);
  });
  test("a frame for each field: halfway to the next, the last as far as the one before", () => {
    expect(timingOf("-vf bwdif").timeBase).toEqual({ num: 1, den: 2000 });
    expect(outOf("-vf bwdif", [0, 40, 100], 140)).toEqual([0, 40, 80, 140, 200, 260]);
    expect(outOf("-vf bwdif,fps=25", [0, 40, 80], 120)).toEqual([0, 1, 2]);
  });
  test("tmedian keeps its last frames to itself", () => {
    expect(outOf("-vf tmedian=radius=1", [0, 40, 80, 120], 160)).toEqual([0, 40]);
  });
  test("memories add up along the chain", () => {
    const { before, cutAfter } = timingOf("-vf tmix=frames=9,scale=64:48,atadenoise=s=5,hflip");
    expect({ before, cutAfter }).toEqual({ before: { frames: 10, seconds: 0 }, cutAfter: 3 });
    expect(timingOf("-vf yadif=1,tmix=frames=9").before).toEqual({ frames: 5, seconds: 0 });
    expect(timingOf("-vf yadif,fps=10,tmix=frames=9").before).toEqual({ frames: 2, seconds: 0.9 });
    expect(timingOf("-vf hqdn3d").before).toEqual({ frames: 0, seconds: 10 });
  });
});

const CHAINS = [
  "-vf fps=25",
  "-vf fps=7",
  "-vf fps=1/3",
  "-r 60000/1001",
  "-vf fps=12:round=up:eof_action=pass",
  "-vf fps=12:round=down",
  "-vf bwdif",
  "-vf bwdif,fps=25",
  "-vf fps=10,yadif=1",
  "-vf fps=50,fps=3",
  "-vf tmedian=radius=2",
  "-vf tmedian=radius=2,fps=9",
  "-vf yadif,tmix=frames=5,fps=30000/1001",
] as const;

interface Source {
  readonly info: Pick<SourceInfo, "startMicroseconds" | "video">;
  readonly index: GrowingFrameIndex;
  readonly gops: readonly Gop[];
  /** How each call of `add` came. */
  readonly batches: readonly (readonly Gop[])[];
}

/** Frames with these distances; a key frame where `keys` says so. */
const source = fc
  .record({
    start: fc.integer({ min: -3000, max: 9000 }),
    steps: fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2500 })), {
      minLength: 1,
      maxLength: 60,
    }),
    keys: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
  })
  .map(({ start, steps, keys }): Source => {
    const video = { timeBase: MS } as SourceInfo["video"];
    const index = new GrowingFrameIndex(MS, null);
    const batches: (readonly Gop[])[] = [];
    let pts = start;
    for (const [position, step] of steps.entries()) {
      const isKey = position === 0 || keys[position] === true;
      const packet = { pts, dts: pts, duration: step, isKey, isDiscarded: false, bytePosition: null };
      batches.push(index.add(packet));
      pts += step;
    }
    batches.push(index.finish());
    return { info: { startMicroseconds: start * 1000, video }, index, gops: index.gops, batches };
  });

describe("a split source", () => {
  test("its ranges give together, each frame once, what the whole gives", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHAINS), source, (params, { info, index, gops }) => {
        const plan = timingFor(params, { info, index });
        const whole = plannedFrames(plan, index, info, { startPts: null, endPts: null });
        const shift = clockShift(clockOffsetUs(info), MS);
        const all = index.framePts(null, null).map((pts) => pts + shift);
        expect(whole).toEqual([...outputTimes(plan, { pts: all, endPts: (all.at(-1) ?? 0) + index.lastDuration }).pts]);
        const parts = gops.map(({ startPts, endPts }, position) => {
          const range = {
            startPts: position === 0 ? null : startPts,
            endPts: position + 1 === gops.length ? null : endPts,
          };
          const bounds = boundsOf(plan, range, shift);
          const frames = plannedFrames(plan, index, info, range);
          expect(frames.every((pts) => pts >= (bounds.startPts ?? pts) && pts < (bounds.endPts ?? pts + 1))).toBe(true);
          return frames;
        });
        expect(parts.flat()).toEqual(whole);
      }),
      { numRuns: 600 },
    );
  });

  test("its groups are never empty, lie side by side, and count the same however they come", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHAINS), source, (params, { info, index, gops, batches }) => {
        const plan = timingFor(params, { info, index });
        const whole = plannedFrames(plan, index, info, { startPts: null, endPts: null });
        const atOnce = new OutputGroups(plan, info);
        const groups = [...atOnce.add(gops, index), ...atOnce.finish(index)];
        expect(atOnce.total).toBe(whole.length);
        expect(groups.every(({ frames }) => frames > 0)).toBe(true);
        if (groups.length > 0) {
          expect(groups[0]?.startPts).toBe(gops[0]?.startPts);
          expect(groups.at(-1)?.endPts).toBe(gops.at(-1)?.endPts);
        }
        for (const [position, group] of groups.entries()) {
          expect(group.startPts).toBe(groups[position - 1]?.endPts ?? group.startPts);
        }
        const oneByOne = new OutputGroups(plan, info);
        const streamed = batches.flatMap((batch) => oneByOne.add(batch, index));
        expect([...streamed, ...oneByOne.finish(index)]).toEqual(groups);
      }),
      { numRuns: 600 },
    );
  });

  test("what is certain while the index grows stays so", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHAINS), source, (params, { info, index }) => {
        const plan = timingFor(params, { info, index });
        const growing = new GrowingFrameIndex(MS, null);
        const all = index.framePts(null, null);
        const early: { endPts: number; frames: number[] }[] = [];
        for (const [position, pts] of all.entries()) {
          const isKey = index.keyFrameAtOrBefore(pts)?.pts === pts;
          const duration = (all[position + 1] ?? pts + index.lastDuration) - pts;
          growing.add({ pts, dts: pts, duration, isKey, isDiscarded: false, bytePosition: null });
          const known = growing.gops.at(-1)?.endPts;
          for (const { endPts } of growing.gops) {
            if (known === undefined || !isCertain(plan, growing, endPts, known)) continue;
            early.push({ endPts, frames: plannedFrames(plan, growing, info, { startPts: null, endPts }) });
          }
        }
        for (const { endPts, frames } of early) {
          expect(frames).toEqual(plannedFrames(plan, index, info, { startPts: null, endPts }));
        }
      }),
      { numRuns: 300 },
    );
  });
});
