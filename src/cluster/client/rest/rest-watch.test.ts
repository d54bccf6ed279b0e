import { afterEach, expect, test } from "bun:test";
import { silentLog } from "../../../base/log.ts";
import { parseSchedule } from "../../../base/schedule/parse-schedule.ts";
import { NO_RULES, type RestRules } from "./may-work.ts";
import { createRestWatch, type MachineWatch, mostRemainingMs, type Resting, type RestWatch } from "./rest-watch.ts";

const started: RestWatch[] = [];
afterEach(() => {
  for (const watch of started.splice(0)) watch.stop();
});

/** A machine by hand, and what a watch over it tells. */
async function watching(rules: RestRules) {
  const machine = { at: new Date(2026, 10, 30, 23), isOnAc: true, share: 0, looks: 0 };
  const seen: MachineWatch = {
    now: () => machine.at,
    isOnAc: async () => machine.isOnAc,
    othersUse: () => ({ atMs: 10_000 * ++machine.looks, forMs: 10_000, share: machine.share }),
  };
  const told: (Resting | null)[] = [];
  const limits: number[] = [];
  const next: (() => void)[] = [];
  const watch = createRestWatch({
    rules,
    machine: seen,
    log: silentLog,
    onChange: (resting) => {
      told.push(resting);
      for (const wake of next.splice(0)) wake();
    },
    onRest: (_reason, most) => limits.push(most),
    lookEveryMs: 1,
  });
  started.push(watch);
  await watch.start();
  return { machine, watch, told, limits, change: () => new Promise<void>((resolve) => next.push(resolve)) };
}

test("its hours end and begin: it says until when, and what runs may go on for less than a minute", async () => {
  const { machine, watch, told, limits, change } = await watching({
    ...NO_RULES,
    schedule: parseSchedule("22:00-07:00"),
  });
  expect([watch.resting(), limits]).toEqual([null, []]);
  const closed = change();
  machine.at = new Date(2026, 11, 1, 7);
  await closed;
  const until = new Date(2026, 11, 1, 22).toISOString();
  expect(told).toEqual([{ reason: "outside its hours (22:00-07:00)", until, isSuspended: false }]);
  expect(watch.pausable.isPaused()).toBe(false);
  expect(limits[0]).toBeGreaterThan(45_000);
  expect(limits[0]).toBeLessThan(60_000);
  const open = change();
  machine.at = new Date(2026, 11, 1, 22);
  await open;
  expect(told.at(-1)).toBeNull();
});

test("off the mains and busy, it stands still at once; the number that others use is said once", async () => {
  const { machine, watch, told, limits, change } = await watching({ ...NO_RULES, onlyOnAc: true, busyAbove: 0.25 });
  const unplugged = change();
  machine.isOnAc = false;
  await unplugged;
  expect(watch.pausable.isPaused()).toBe(true);
  expect(limits[0]).toBe(Number.POSITIVE_INFINITY);
  const busy = change();
  machine.share = 0.5;
  await busy;
  expect(told.at(-1)?.reason).toBe("on battery, others use 50 % of the processors");
  machine.share = 0.9;
  const calm = change();
  machine.isOnAc = true;
  await calm;
  expect(told.at(-1)?.reason).toMatch(/^others use \d+ % of the processors$/);
  expect(told).toHaveLength(3);
});

test("what stands still is given back after ten minutes", () => {
  const still = { isSuspended: true };
  expect([0, 599_999, 600_000].map((ms) => mostRemainingMs(still, ms))).toEqual([Infinity, Infinity, 0]);
  expect([0, 20_000, 70_000].map((ms) => mostRemainingMs({ isSuspended: false }, ms))).toEqual([50_000, 30_000, 0]);
});

test("without rules nothing is looked at", async () => {
  const { machine, watch } = await watching(NO_RULES);
  expect([watch.resting(), machine.looks]).toEqual([null, 0]);
});
