// The tuner against simulated machines: as many encodes run as it says, at speeds that a curve gives.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createSlotTuner, type Learnt, type SlotTuner } from "./slot-tuner.ts";

/** Frames per second of all encodes together, by how many run. */
type Curve = (running: number) => number;

const curves: Record<string, Curve> = {
  "one is best": (running) => 100 / (1 + 0.15 * (running - 1)),
  "two are best": (running) => 100 - 13 * Math.abs(running - 2),
  "four are best": (running) => 100 - 12 * Math.abs(running - 4),
  "more is better up to eight": (running) => (100 * Math.min(running, 8)) / 8,
};

const SEGMENT_FRAMES = 900;
const TICK_MS = 1000;

interface Machine {
  readonly curve: Curve;
  /** What a segment's pictures do to its speed: a factor around 1. */
  readonly ease: () => number;
}

interface Outcome {
  /** The number in use, each time that it changed; trials included. */
  readonly levels: number[];
  readonly framesPerSecond: number;
}

/** Runs so long; what is above the number ends its segment first, as slots do. */
function work(tuner: SlotTuner, { curve, ease }: Machine, seconds: number): Outcome {
  let encodes: { left: number; ease: number }[] = [];
  const levels = [tuner.slots()];
  let frames = 0;
  let finished = 0;
  const tell = (atMs: number) => {
    tuner.note({ atMs, running: encodes.length, frames: Math.floor(frames), finished });
    if (tuner.slots() !== levels.at(-1)) levels.push(tuner.slots());
  };
  for (let atMs = 0; atMs < seconds * 1000; atMs += TICK_MS) {
    const each = curve(encodes.length) / Math.max(1, encodes.length);
    for (const encode of encodes) {
      const made = Math.min(encode.left, (each * encode.ease * TICK_MS) / 1000);
      encode.left -= made;
      frames += made;
    }
    const going = encodes.filter(({ left }) => left > 0);
    finished += encodes.length - going.length;
    encodes = going;
    tell(atMs);
    while (encodes.length < tuner.slots()) encodes.push({ left: SEGMENT_FRAMES, ease: ease() });
    tell(atMs);
  }
  return { levels, framesPerSecond: frames / seconds };
}

const steady = () => 1;
const HOURS = 3 * 3600;

for (const [name, curve] of Object.entries(curves)) {
  for (const rule of [1, 2, 4]) {
    test(`${name}, from ${rule}: finds it and stays`, () => {
      const tuner = createSlotTuner({ rule, most: 8, learnt: null });
      work(tuner, { curve, ease: steady }, HOURS);
      const best = Math.max(...[1, 2, 3, 4, 5, 6, 7, 8].map(curve));
      expect(curve(tuner.learnt().slots)).toBeGreaterThanOrEqual(0.95 * best);
      expect(work(tuner, { curve, ease: steady }, HOURS).levels).toEqual([tuner.learnt().slots]);
    });
  }
}

test("flat: stays where it began, after one try on each side", () => {
  const tuner = createSlotTuner({ rule: 2, most: 8, learnt: null });
  expect(work(tuner, { curve: () => 100, ease: steady }, HOURS).levels).toEqual([2, 3, 2, 1, 2]);
  expect(tuner.learnt().slots).toBe(2);
});

test("a gain below the margin is not worth a change", () => {
  const tuner = createSlotTuner({ rule: 2, most: 3, learnt: null });
  work(tuner, { curve: (running) => 100 + 2 * running, ease: steady }, HOURS);
  expect(tuner.learnt().slots).toBe(2);
});

/** Factors around 1, the same ones for the same seed. */
function noise(seed: number, most: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 1 - most + (2 * most * state) / 2 ** 32;
  };
}

test("segments that differ by ±10 %: within 5 % of the best", () => {
  const levels = [1, 2, 3, 4, 5, 6, 7, 8];
  for (const [name, curve] of Object.entries(curves)) {
    for (let seed = 1; seed <= 12; seed++) {
      const tuner = createSlotTuner({ rule: levels[seed % 4] ?? 1, most: 8, learnt: null });
      work(tuner, { curve, ease: noise(seed, 0.1) }, HOURS);
      const share = curve(tuner.learnt().slots) / Math.max(...levels.map(curve));
      expect({ name, seed, isNear: share >= 0.95 }).toEqual({ name, seed, isNear: true });
    }
  }
});

test("on any machine and with any noise: never out of bounds, no number tried again, and at rest in the end", () => {
  const rates = fc.array(fc.double({ min: 20, max: 200, noNaN: true }), { minLength: 6, maxLength: 6 });
  const amplitude = fc.double({ min: 0, max: 0.6, noNaN: true });
  fc.assert(
    fc.property(rates, amplitude, fc.integer(), fc.constantFrom(1, 2, 6), (speeds, most, seed, rule) => {
      const machine: Machine = { curve: (running) => speeds[running - 1] ?? 1, ease: noise(seed, most) };
      const tuner = createSlotTuner({ rule, most: 6, learnt: null });
      const { levels } = work(tuner, machine, 2 * HOURS);
      const found = tuner.learnt();
      expect(levels.every((level) => level >= 1 && level <= 6)).toBe(true);
      expect(new Set(found.refused).size).toBe(found.refused.length);
      expect(found.refused).not.toContain(found.slots);
      expect(work(tuner, machine, HOURS).levels).toEqual([found.slots]);
    }),
    { numRuns: 25 },
  );
});

test("measurements of one number that differ widely decide for no other one, and it stops trying in that job", () => {
  const tuner = createSlotTuner({ rule: 2, most: 3, learnt: { slots: 2, refused: [1], fps: {} } });
  // Three are better than two each time, but other load takes half of the machine from time to time.
  let seconds = 0;
  let frames = 0;
  let finished = 0;
  const levels = [2];
  const measure = (fps: number) => {
    const running = tuner.slots();
    for (let second = 0; second < 20; second++) {
      tuner.note({ atMs: 1000 * seconds, running, frames, finished });
      seconds += 1;
      frames += fps;
      finished += 1;
    }
    tuner.note({ atMs: 1000 * seconds, running, frames, finished });
    if (tuner.slots() !== levels.at(-1)) levels.push(tuner.slots());
  };
  for (const fps of [50, 60, 25, 60, 50, 60, 25, 60, 50]) measure(fps);
  expect(levels).toEqual([2, 3, 2, 3, 2, 3, 2]);
  expect(tuner.learnt()).toEqual({ slots: 2, refused: [1], fps: {} });
  tuner.abandon();
  for (const fps of [50, 60, 50, 60, 50]) measure(fps);
  expect(tuner.slots()).toBe(3);
});

test("too little: no change before each encode has ended three segments and 20 seconds are measured", () => {
  const tuner = createSlotTuner({ rule: 2, most: 4, learnt: null });
  const at = (seconds: number, finished: number) =>
    tuner.note({ atMs: 1000 * seconds, running: 2, frames: 100 * seconds, finished });
  at(0, 0);
  at(19, 6);
  expect(tuner.slots()).toBe(2);
  at(20, 6);
  expect(tuner.slots()).toBe(3);

  const slow = createSlotTuner({ rule: 2, most: 4, learnt: null });
  slow.note({ atMs: 0, running: 2, frames: 0, finished: 0 });
  for (let second = 1; second < 500; second++)
    slow.note({ atMs: 1000 * second, running: 2, frames: second, finished: 5 });
  expect(slow.slots()).toBe(2);
});

test("only time with as many encodes as are asked for counts", () => {
  const tuner = createSlotTuner({ rule: 2, most: 4, learnt: null });
  for (let second = 0; second < 100; second++)
    tuner.note({ atMs: 1000 * second, running: 1, frames: 100 * second, finished: second });
  expect(tuner.slots()).toBe(2);
});

test("what was measured beside a pause does not count, nor time in which the machine slept", () => {
  const tuner = createSlotTuner({ rule: 2, most: 4, learnt: null });
  const at = (seconds: number) =>
    tuner.note({ atMs: 1000 * seconds, running: 2, frames: 100 * seconds, finished: Math.floor(seconds) });
  for (let second = 0; second < 20; second++) at(second);
  tuner.interrupt();
  for (let second = 30; second < 50; second++) at(second);
  expect(tuner.slots()).toBe(2);
  at(1000);
  expect(tuner.slots()).toBe(2);
  for (let second = 1001; second <= 1020; second++) at(second);
  expect(tuner.slots()).toBe(3);
});

test("a job's end ends its trial, and the next job begins at the number that is known", () => {
  const tuner = createSlotTuner({ rule: 2, most: 4, learnt: null });
  for (let second = 0; second <= 20; second++)
    tuner.note({ atMs: 1000 * second, running: 2, frames: 100 * second, finished: second });
  expect(tuner.trial()).toBe(3);
  tuner.abandon();
  expect([tuner.slots(), tuner.trial()]).toEqual([2, null]);
  expect(tuner.learnt()).toEqual({ slots: 2, refused: [], fps: {} });
});

test("begins with what was learnt, unless the machine can no longer do it", () => {
  const learnt: Learnt = { slots: 3, refused: [2, 4], fps: { 2: 90, 3: 100, 4: 95 } };
  const tuner = createSlotTuner({ rule: 2, most: 4, learnt });
  expect(work(tuner, { curve: () => 100, ease: steady }, HOURS).levels).toEqual([3]);
  expect(tuner.learnt()).toBe(learnt);
  expect(createSlotTuner({ rule: 2, most: 2, learnt }).slots()).toBe(2);
});
