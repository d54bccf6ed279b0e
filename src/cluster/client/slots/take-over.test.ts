import { expect, test } from "bun:test";
import { createSlotPool } from "./slots.ts";
import { TakeOver, type Wanted } from "./take-over.ts";

const NEVER = new AbortController().signal;
const LARGE = { cores: 8, memoryBytes: 2 ** 40 };
const PIXELS = 1920 * 1080;
const LONG: Wanted = { isUrgent: false, pixels: PIXELS };
const URGENT: Wanted = { isUrgent: true, pixels: PIXELS };

test("an urgent encode gets the slot of another one, which is suspended and goes on before what waits", async () => {
  const pool = createSlotPool(1);
  const slots = new TakeOver(pool, LARGE);
  const long = await slots.take(LONG, NEVER);
  const waiting = slots.take(LONG, NEVER);
  const urgent = await slots.take(URGENT, NEVER);
  expect([long.pausable.isPaused(), urgent.pausable.isPaused(), pool.held()]).toEqual([true, false, 1]);
  urgent.free();
  await Promise.resolve();
  expect([long.pausable.isPaused(), pool.held()]).toEqual([false, 1]);
  long.free();
  expect((await waiting).pausable.isPaused()).toBe(false);
});

test("a suspended encode that ends takes no slot, and the urgent one's is free afterwards", async () => {
  const pool = createSlotPool(1);
  const slots = new TakeOver(pool, LARGE);
  const long = await slots.take(LONG, NEVER);
  const urgent = await slots.take(URGENT, NEVER);
  long.free();
  urgent.free();
  await Promise.resolve();
  expect(pool.held()).toBe(0);
});

test("without memory for one more, and among urgent ones only, an urgent encode is the next instead", async () => {
  const pool = createSlotPool(1);
  const slots = new TakeOver(pool, { cores: 2, memoryBytes: 2 ** 31 });
  const long = await slots.take(LONG, NEVER);
  const order: string[] = [];
  const note = async (name: string, wanted: Wanted) => {
    const slot = await slots.take(wanted, NEVER);
    order.push(name);
    return slot;
  };
  const later = note("later", LONG);
  const urgent = note("urgent", URGENT);
  expect(long.pausable.isPaused()).toBe(false);
  long.free();
  (await urgent).free();
  (await later).free();
  expect(order).toEqual(["urgent", "later"]);
});

test("each encode is suspended in turn", async () => {
  const slots = new TakeOver(createSlotPool(2), LARGE);
  const long = [await slots.take(LONG, NEVER), await slots.take(LONG, NEVER)];
  const paused = () => long.map(({ pausable }) => pausable.isPaused());
  const first = await slots.take(URGENT, NEVER);
  expect(paused()).toEqual([false, true]);
  first.free();
  await Promise.resolve();
  const second = await slots.take(URGENT, NEVER);
  expect(paused()).toEqual([true, false]);
  second.free();
});

test("the largest picture counts, also where the number of slots is set", async () => {
  const machine = { cores: 8, memoryBytes: 4 * 2 ** 30 };
  const large = { isUrgent: false, pixels: 16 * PIXELS };
  const suspends = async (...wanted: readonly Wanted[]) => {
    const slots = new TakeOver(createSlotPool(1), machine);
    const [first = LONG, second = URGENT] = wanted;
    const long = await slots.take(first, NEVER);
    const urgent = slots.take(second, NEVER);
    const isPaused = long.pausable.isPaused();
    long.free();
    (await urgent).free();
    return isPaused;
  };
  expect(await suspends(LONG, URGENT)).toBe(true);
  expect(await suspends(large, URGENT)).toBe(false);
  expect(await suspends(LONG, { ...large, isUrgent: true })).toBe(false);
});
