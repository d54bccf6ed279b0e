import { expect, test } from "bun:test";
import { createSlotPool, planSlots } from "./slots.ts";

const GIB = 1024 ** 3;

test("slots by cores, bounded by memory, threads twice their share", () => {
  const plan = (cores: number, gib = 64) => planSlots("auto", { cores, memoryBytes: gib * GIB });
  expect(plan(1)).toEqual({ slots: 1, threads: 1 });
  expect(plan(2)).toEqual({ slots: 2, threads: 2 });
  expect(plan(3)).toEqual({ slots: 1, threads: 3 });
  expect(plan(8)).toEqual({ slots: 4, threads: 4 });
  expect(plan(32, 4)).toEqual({ slots: 2, threads: 32 });
  expect(plan(4, 1)).toEqual({ slots: 1, threads: 4 });
  expect(planSlots(3, { cores: 4, memoryBytes: GIB })).toEqual({ slots: 3, threads: 4 });
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
