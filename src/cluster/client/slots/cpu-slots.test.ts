import { expect, test } from "bun:test";
import { silentLog } from "../../../base/log.ts";
import { createPauseSwitch } from "../../../base/process/pause.ts";
import { type CpuPlace, createCpuSlots, type Work } from "./cpu-slots.ts";
import type { Learnt } from "./slot-tuner.ts";

const GIB = 1024 ** 3;
const WORK: Work = { jobId: "job", pass: "only", encoder: "libx264", preset: null, width: 1920, height: 1080 };
const { signal } = new AbortController();
/** Lets all that can go on without time passing go on. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A machine of two cores on which one encode alone makes 50 frames a second and several together `together`. */
function bench(wanted: number | "auto", together = 40, before: Record<string, Learnt> = {}) {
  const kept = new Map(Object.entries(before));
  const pause = createPauseSwitch();
  let seconds = 0;
  const told: string[] = [];
  const slots = createCpuSlots({
    wanted,
    machine: { cores: 2, memoryBytes: 64 * GIB },
    pausable: pause,
    log: silentLog,
    learnt: {
      get: (kind) => kept.get(kind) ?? null,
      keep: (kind, learnt) => kept.set(kind, learnt),
      written: () => Promise.resolve(),
    },
    onChange: () => told.push(`${slots.pool.limit()}, ${slots.reason()}`),
    now: () => 1000 * seconds,
  });
  /** They end with the test: what waits is never served. */
  const asked: Promise<void>[] = [];
  const running: { place: CpuPlace; frames: number }[] = [];
  /** Works for so long on segments of 100 frames, as many at a time as there are slots, another two waiting. */
  const work = async (forSeconds: number, what: Work = WORK) => {
    let waiting = 0;
    const ask = async () => {
      const place = await slots.take(what, signal);
      waiting -= 1;
      running.push({ place, frames: 0 });
    };
    const fillUp = async () => {
      while (waiting < 2) {
        waiting += 1;
        asked.push(ask());
      }
      await turn();
    };
    for (const end = seconds + forSeconds; seconds < end; ) {
      await fillUp();
      const each = running.length === 1 ? 50 : together / running.length;
      seconds += 1;
      for (const encode of [...running]) {
        encode.frames += each;
        encode.place.made(Math.floor(encode.frames));
        if (encode.frames < 100) continue;
        running.splice(running.indexOf(encode), 1);
        encode.place.free();
      }
    }
    await fillUp();
  };
  return { slots, told, kept, pause, running, work };
}

test("finds that one encode is better than two, says so, keeps it, and runs no more than that", async () => {
  const { slots, told, kept, running, work } = bench("auto");
  expect(slots.reason()).toBe("rule: 2 cores, one encode for each");
  expect(slots.pool.limit()).toBe(2);
  await work(600);
  expect(slots.pool.limit()).toBe(1);
  expect(running.length).toBeLessThanOrEqual(1);
  expect(slots.reason()).toMatch(/^measured, libx264 1080p: 1 encode \d+\.\d fps, 2 encodes \d+\.\d fps/);
  expect(told).toContain("3, rule: 2 cores, one encode for each; trying 3 encodes");
  expect(told.at(-1)).toBe(`1, ${slots.reason()}`);
  expect(kept.get("libx264 1080p")).toMatchObject({ slots: 1, refused: [3, 2] });
  const before = told.length;
  await work(600);
  expect(told).toHaveLength(before);
});

test("begins with what another run has learnt of this kind of work, before the first encode has its slot", async () => {
  const learnt: Learnt = { slots: 1, refused: [2], fps: { 1: 50, 2: 40 } };
  const { slots } = bench("auto", 40, { "libx265 slow 4K": learnt });
  const uhd: Work = { ...WORK, encoder: "libx265", preset: "slow", width: 3840, height: 2160 };
  const first = await slots.take(uhd, signal);
  const second = slots.take(uhd, signal);
  expect([slots.pool.limit(), slots.pool.held()]).toEqual([1, 1]);
  expect(slots.reason()).toBe("measured, libx265 slow 4K: 1 encode 50.0 fps, 2 encodes 40.0 fps");
  first.free();
  (await second).free();
  // Of another kind nothing is known.
  const other = await slots.take(WORK, signal);
  expect([slots.pool.limit(), slots.reason()]).toEqual([2, "rule: 2 cores, one encode for each"]);
  other.free();
});

test("`--slots N` is N, whatever is measured", async () => {
  const { slots, told, kept, work } = bench(2, 40, { "libx264 1080p": { slots: 1, refused: [], fps: {} } });
  await work(300);
  expect([slots.pool.limit(), slots.reason()]).toEqual([2, "set by --slots"]);
  expect(told).toEqual([]);
  expect(kept.get("libx264 1080p")).toEqual({ slots: 1, refused: [], fps: {} });
});

test("a job that ends in mid-trial puts the number back", async () => {
  const { slots, running, work } = bench("auto");
  for (let second = 0; second < 100 && slots.pool.limit() !== 3; second++) await work(1);
  expect(slots.pool.limit()).toBe(3);
  const other = slots.take({ ...WORK, jobId: "next" }, signal);
  for (let turns = 0; turns < 50 && slots.pool.limit() === 3; turns++) {
    for (const { place } of running.splice(0)) place.free();
    await turn();
  }
  expect(slots.pool.limit()).toBe(2);
  (await other).free();
});

test("while it is paused nothing is learnt", async () => {
  const { slots, told, pause, work } = bench("auto");
  pause.set(true);
  await work(600);
  expect(slots.pool.limit()).toBe(2);
  expect(told.length).toBeLessThanOrEqual(1);
  pause.set(false);
  await work(600);
  expect(slots.pool.limit()).toBe(1);
});

test("encodes have the threads that go with their number", async () => {
  const { slots } = bench("auto");
  expect((await slots.take(WORK, signal)).threads).toBe(2);
});
