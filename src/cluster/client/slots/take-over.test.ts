import { expect, test } from "bun:test";
import { createSlotPool } from "./slots.ts";
import { TakeOver } from "./take-over.ts";

const NEVER = new AbortController().signal;

test("an urgent encode gets the slot of another one, which is suspended and goes on before what waits", async () => {
  const pool = createSlotPool(1);
  const slots = new TakeOver(pool, () => true);
  const long = await slots.take(false, NEVER);
  const waiting = slots.take(false, NEVER);
  const urgent = await slots.take(true, NEVER);
  expect([long.pausable.isPaused(), urgent.pausable.isPaused(), pool.held()]).toEqual([true, false, 1]);
  urgent.free();
  await Promise.resolve();
  expect([long.pausable.isPaused(), pool.held()]).toEqual([false, 1]);
  long.free();
  expect((await waiting).pausable.isPaused()).toBe(false);
});

test("a suspended encode that ends takes no slot, and the urgent one's is free afterwards", async () => {
  const pool = createSlotPool(1);
  const slots = new TakeOver(pool, () => true);
  const long = await slots.take(false, NEVER);
  const urgent = await slots.take(true, NEVER);
  long.free();
  urgent.free();
  await Promise.resolve();
  expect(pool.held()).toBe(0);
});

test("without memory for one more, and among urgent ones only, an urgent encode is the next instead", async () => {
  const pool = createSlotPool(1);
  const slots = new TakeOver(pool, (encodes) => encodes <= 1);
  const long = await slots.take(false, NEVER);
  const order: string[] = [];
  const note = async (name: string, isUrgent: boolean) => {
    const slot = await slots.take(isUrgent, NEVER);
    order.push(name);
    return slot;
  };
  const later = note("later", false);
  const urgent = note("urgent", true);
  expect(long.pausable.isPaused()).toBe(false);
  long.free();
  (await urgent).free();
  (await later).free();
  expect(order).toEqual(["urgent", "later"]);
});

test("each encode is suspended in turn", async () => {
  const slots = new TakeOver(createSlotPool(2), () => true);
  const long = [await slots.take(false, NEVER), await slots.take(false, NEVER)];
  const paused = () => long.map(({ pausable }) => pausable.isPaused());
  const first = await slots.take(true, NEVER);
  expect(paused()).toEqual([false, true]);
  first.free();
  await Promise.resolve();
  const second = await slots.take(true, NEVER);
  expect(paused()).toEqual([true, false]);
  second.free();
});
