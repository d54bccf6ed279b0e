import { expect, test } from "bun:test";
import { parseSchedule } from "../../../base/schedule/parse-schedule.ts";
import { BUSY_AFTER_MS, type Busyness, CALM_AFTER_MS, NOT_BUSY, noteUse } from "./busyness.ts";
import { mayWork, NO_RULES, type RestRules, type Surroundings } from "./may-work.ts";

const utc = (at: Date) => ({ day: at.getUTCDay(), minute: 60 * at.getUTCHours() + at.getUTCMinutes() });
const NIGHT: RestRules = { ...NO_RULES, schedule: parseSchedule("22:00-07:00") };
const ALL: RestRules = { ...NIGHT, onlyOnAc: true, busyAbove: 0.25 };

function decide(rules: RestRules, now: Partial<Surroundings> = {}) {
  return mayWork(rules, { at: new Date("2026-11-30T23:00:00Z"), isOnAc: true, busyShare: null, ...now }, utc);
}
const AT_NOON = { at: new Date("2026-11-30T12:00:00Z") };

test("without rules a client works whatever happens", () => {
  expect(decide(NO_RULES, { ...AT_NOON, isOnAc: false, busyShare: 0.9 })).toEqual({ mayWork: true });
});

test("outside its hours it rests until they begin, and may end what it has begun", () => {
  expect(decide(NIGHT)).toEqual({ mayWork: true });
  expect(decide(NIGHT, AT_NOON)).toEqual({
    mayWork: false,
    reason: "outside its hours (22:00-07:00)",
    until: new Date("2026-11-30T22:00:00Z"),
    isSuspended: false,
  });
});

test("on battery, or while others are busy, it stands still at once, nobody knows until when", () => {
  expect(decide(ALL, { isOnAc: false })).toEqual({
    mayWork: false,
    reason: "on battery",
    until: null,
    isSuspended: true,
  });
  const busy = decide(ALL, { busyShare: 0.426 });
  expect(busy).toMatchObject({ reason: "others use 43 % of the processors", isSuspended: true });
});

test("all reasons are said, and the end of one is not the end of all", () => {
  expect(decide(ALL, { ...AT_NOON, isOnAc: false, busyShare: 0.5 })).toEqual({
    mayWork: false,
    reason: "outside its hours (22:00-07:00), on battery, others use 50 % of the processors",
    until: null,
    isSuspended: true,
  });
});

/** So many seconds of others' use, a look each second. */
function use(before: Busyness, startMs: number, seconds: number, share: number): Busyness {
  let state = before;
  for (let second = 1; second <= seconds; second++)
    state = noteUse(state, { atMs: startMs + 1000 * second, forMs: 1000, share }, 0.25);
  return state;
}

test("a peak is not busy; ten seconds are; a pause of half a minute does not end it, a minute does", () => {
  let state = use(NOT_BUSY, 0, 30, 0.05);
  state = use(state, 30_000, 2, 1);
  expect(state.isBusy).toBe(false);
  state = use(state, 32_000, 30, 0.05);
  state = use(state, 62_000, BUSY_AFTER_MS / 1000, 0.6);
  expect(state.isBusy).toBe(true);
  state = use(state, 72_000, 5, 0);
  expect(state.isBusy).toBe(true);
  state = use(state, 77_000, CALM_AFTER_MS / 1000, 0.05);
  expect(state).toMatchObject({ isBusy: false, share: expect.closeTo(0.05, 5) });
});

test("between the bound for busy and the one for calm nothing changes", () => {
  expect(use(NOT_BUSY, 0, 200, 0.22).isBusy).toBe(false);
  const busy = use(NOT_BUSY, 0, 60, 0.5);
  expect(use(busy, 60_000, 200, 0.22).isBusy).toBe(true);
});

test("nothing is known from the first looks alone", () => {
  expect(use(NOT_BUSY, 0, 5, 1).isBusy).toBe(false);
});
