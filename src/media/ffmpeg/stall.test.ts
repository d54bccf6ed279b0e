import { expect, test } from "bun:test";
import { createStallRule, stallBounds } from "./stall.ts";

const BOUNDS = stallBounds(30_000);

/** Asks once a second; the second of the first "stalled", or null within `seconds`. */
function stalledAt(
  seconds: number,
  at: (second: number) => { cpuMs: number | null; frames?: number; isWaiting?: boolean },
) {
  const rule = createStallRule(BOUNDS);
  for (let second = 0; second <= seconds; second++) {
    const { cpuMs, frames = 0, isWaiting = false } = at(second);
    rule.moved(frames);
    if (rule.check(second * 1000, cpuMs, isWaiting)) return { second, reason: rule.reason() };
  }
  return null;
}

test("without a frame and without processor time it hangs after thirty seconds", () => {
  const stall = stalledAt(100, (second) => ({ cpuMs: Math.min(second, 10) * 900, frames: Math.min(second, 5) }));
  expect(stall).toEqual({
    second: 40,
    reason: "ffmpeg hangs: no frame and no processor time for 30 s, after frame 5",
  });
});

test("a slow look-ahead that computes is given half an hour before its first frame, and as long for each one after", () => {
  expect(stalledAt(1700, (second) => ({ cpuMs: second * 900 }))).toBeNull();
  expect(stalledAt(6000, (second) => ({ cpuMs: second * 900, frames: Math.floor(second / 1500) }))).toBeNull();
  expect(stalledAt(2000, (second) => ({ cpuMs: second * 900 }))?.second).toBe(1800);
});

test("an encoder that has shown its pace and then computes for ever is ended after five minutes", () => {
  const quick = (second: number) => ({ cpuMs: second * 900, frames: Math.min(second, 10) * 25 });
  expect(stalledAt(2000, quick)?.second).toBe(310);
  // Frames that took half a minute may take ten.
  const slow = (second: number) => ({ cpuMs: second * 900, frames: Math.floor(Math.min(second, 90) / 30) });
  expect(stalledAt(2000, slow)?.second).toBeGreaterThan(650);
  expect(stalledAt(2000, slow)?.second).toBeLessThan(700);
});

test("where processor time is unknown, only the frames tell", () => {
  expect(stalledAt(1700, () => ({ cpuMs: null }))).toBeNull();
  expect(stalledAt(2000, () => ({ cpuMs: null }))?.second).toBe(1800);
});

test("time spent waiting for the source's bytes is not held against it", () => {
  expect(stalledAt(1000, () => ({ cpuMs: 0, isWaiting: true }))).toBeNull();
  expect(stalledAt(1000, (second) => ({ cpuMs: 0, isWaiting: second < 500 }))?.second).toBe(529);
});

test("a pause of the whole machine is no hang", () => {
  const rule = createStallRule(BOUNDS);
  expect(rule.check(0, 0, false)).toBe(false);
  expect(rule.check(3_600_000, 0, false)).toBe(false);
});
