import { expect, test } from "bun:test";
import { createSlotPool, mostSlots, planSlots, threadsOf } from "./slots.ts";

const GIB = 1024 ** 3;

test("slots by cores, bounded by memory, threads twice their share", () => {
  const planned = (wanted: number | "auto", cores: number, gib: number) => {
    const { slots, threads } = planSlots(wanted, { cores, memoryBytes: gib * GIB });
    return { slots, threads };
  };
  const plan = (cores: number, gib = 64) => planned("auto", cores, gib);
  expect(plan(1)).toEqual({ slots: 1, threads: 1 });
  expect(plan(2)).toEqual({ slots: 2, threads: 2 });
  expect(plan(3)).toEqual({ slots: 1, threads: 3 });
  expect(plan(8)).toEqual({ slots: 4, threads: 4 });
  expect(plan(32, 4)).toEqual({ slots: 2, threads: 32 });
  expect(plan(4, 1)).toEqual({ slots: 1, threads: 4 });
  expect(planned(3, 4, 1)).toEqual({ slots: 3, threads: 4 });
});

test("an encode whose share is one core runs on one thread while more work follows", () => {
  const threads = (slots: number, cores: number) => threadsOf(slots, { cores, memoryBytes: 64 * GIB }, true);
  expect([threads(2, 2), threads(8, 8), threads(12, 8)]).toEqual([1, 1, 1]);
  expect([threads(1, 2), threads(4, 8)]).toEqual([2, 4]);
});

test("the reason says what bounds the slots", () => {
  const reason = (wanted: number | "auto", cores: number, gib: number) =>
    planSlots(wanted, { cores, memoryBytes: gib * GIB }).reason;
  expect(reason("auto", 1, 64)).toBe("rule: 1 core");
  expect(reason("auto", 2, 64)).toBe("rule: 2 cores, one encode for each");
  expect(reason("auto", 8, 64)).toBe("rule: 8 cores, one encode for two");
  expect(reason("auto", 8, 4)).toBe("rule: 4.0 GiB of memory, 1.5 GiB for each encode");
  expect(reason(3, 8, 64)).toBe("set by --slots");
});

test("tries go to twice the cores, or to what memory holds of such pictures, never below the rule", () => {
  const most = (cores: number, gib: number, pixels: number) => mostSlots({ cores, memoryBytes: gib * GIB }, pixels);
  expect(most(2, 64, 640 * 360)).toBe(4);
  expect(most(8, 9, 1920 * 1080)).toBe(6);
  expect(most(8, 24, 3840 * 2160)).toBe(4);
  expect(most(8, 9, 3840 * 2160)).toBe(4);
});

test("a higher limit lets those who wait begin, a lower one lets what runs end", async () => {
  const pool = createSlotPool(1);
  const { signal } = new AbortController();
  const first = await pool.take(signal);
  const second = pool.take(signal);
  const third = pool.take(signal);
  pool.limitTo(3);
  const [freeSecond, freeThird] = await Promise.all([second, third]);
  expect(pool.held()).toBe(3);
  pool.limitTo(1);
  const fourth = pool.take(signal);
  first();
  freeSecond();
  expect(pool.held()).toBe(1);
  freeThird();
  (await fourth)();
  expect(pool.held()).toBe(0);
});

test("slots go round in order; a waiter that leaves gives up its place", async () => {
  const pool = createSlotPool(1);
  const never = new AbortController();
  const first = await pool.take(never.signal);
  const order: string[] = [];
  const leaver = new AbortController();
  const left = pool.take(leaver.signal);
  const second = pool.take(never.signal).then((free) => {
    order.push("second");
    return free;
  });
  leaver.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  expect(order).toEqual([]);
  first();
  first();
  const freeSecond = await second;
  const third = pool.take(never.signal);
  freeSecond();
  (await third)();
  expect(order).toEqual(["second"]);
});
