import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BadSchedule, parseSchedule } from "./parse-schedule.ts";
import { isOpen, localWallTime, nextChange, type WallTime } from "./schedule.ts";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** What clocks in a place show, by the time zones of ICU. */
function clockIn(timeZone: string): (at: Date) => WallTime {
  const parts = { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const format = new Intl.DateTimeFormat("en-US", { timeZone, ...parts });
  return (at) => {
    const found = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const minute = 60 * Number(found.get("hour")) + Number(found.get("minute"));
    return { day: DAYS.indexOf(found.get("weekday") ?? ""), minute };
  };
}
const berlin = clockIn("Europe/Berlin");
const lordHowe = clockIn("Australia/Lord_Howe");

const open = (text: string, at: string, clock = berlin) => isOpen(parseSchedule(text), new Date(at), clock);
const next = (text: string, at: string, clock = berlin) =>
  nextChange(parseSchedule(text), new Date(at), clock)?.toISOString() ?? null;

describe("hours over midnight", () => {
  test("belong to the day on which they begin", () => {
    // 2026-11-27 is a Friday; Berlin is an hour ahead.
    const text = "fri 22:00-07:00";
    expect(open(text, "2026-11-27T20:59:59Z")).toBe(false);
    expect(open(text, "2026-11-27T21:00:00Z")).toBe(true);
    expect(open(text, "2026-11-28T05:59:59Z")).toBe(true);
    expect(open(text, "2026-11-28T06:00:00Z")).toBe(false);
    expect(open(text, "2026-11-27T05:00:00Z")).toBe(false);
    expect(next(text, "2026-11-27T23:30:00Z")).toBe("2026-11-28T06:00:00.000Z");
    expect(next(text, "2026-11-28T06:00:00Z")).toBe("2026-12-04T21:00:00.000Z");
  });

  test("meet the next day's without a gap", () => {
    const text = "mon-fri 18:00-24:00; sat,sun 00:00-24:00";
    expect(next(text, "2026-11-27T18:00:00Z")).toBe("2026-11-29T23:00:00.000Z");
    expect(open(text, "2026-11-29T22:59:59Z")).toBe(true);
    expect(open(text, "2026-11-29T23:00:00Z")).toBe(false);
  });

  test("several ranges of one day", () => {
    const text = "mon-fri 22:00-07:00, 12:00-13:00";
    expect(open(text, "2026-11-30T11:30:00Z")).toBe(true);
    expect(next(text, "2026-11-30T11:30:00Z")).toBe("2026-11-30T12:00:00.000Z");
    expect(next(text, "2026-11-30T12:00:00Z")).toBe("2026-11-30T21:00:00.000Z");
  });

  test("all week long there is no change", () => {
    expect([open("00:00-24:00", "2026-11-30T11:30:00Z"), next("00:00-24:00", "2026-11-30T11:30:00Z")]).toEqual([
      true,
      null,
    ]);
  });
});

describe("on days on which the clocks are set", () => {
  test("forward: the night has an hour less; what the clocks leave out is not there", () => {
    expect(next("22:00-07:00", "2026-03-28T21:30:00Z")).toBe("2026-03-29T05:00:00.000Z");
    // 02:30 is left out: at 01:00 UTC the clocks go from 02:00 to 03:00.
    expect(next("02:30-04:00", "2026-03-29T00:00:00Z")).toBe("2026-03-29T01:00:00.000Z");
    expect(next("sun 02:15-02:45", "2026-03-28T12:00:00Z")).toBe("2026-04-05T00:15:00.000Z");
  });

  test("back: the night has an hour more; what comes twice is there twice", () => {
    expect(next("22:00-07:00", "2026-10-24T21:00:00Z")).toBe("2026-10-25T06:00:00.000Z");
    const changes: string[] = [];
    for (
      let at = next("02:15-02:45", "2026-10-24T23:00:00Z");
      changes.length < 4 && at !== null;
      at = next("02:15-02:45", at)
    )
      changes.push(at);
    expect(changes.map((at) => at.slice(8, 16))).toEqual(["25T00:15", "25T00:45", "25T01:15", "25T01:45"]);
  });

  test("by half an hour", () => {
    expect(next("01:45-02:15", "2026-10-03T14:00:00Z", lordHowe)).toBe("2026-10-03T15:15:00.000Z");
    expect(next("01:45-02:15", "2026-10-03T15:15:00Z", lordHowe)).toBe("2026-10-03T15:30:00.000Z");
  });
});

test("the next change is the first moment at which it is open or not as it was not before", () => {
  const minute = fc.integer({ min: 0, max: 1439 });
  const clock = ([start, end]: [number, number]) =>
    [start, end]
      .map((at) => `${String(Math.floor(at / 60)).padStart(2, "0")}:${String(at % 60).padStart(2, "0")}`)
      .join("-");
  const range = fc
    .tuple(minute, minute)
    .filter(([start, end]) => start !== end)
    .map(clock);
  const day = fc.constantFrom("", "mon ", "sat-tue ", "wed,fri ");
  const text = fc.array(
    fc.tuple(day, range).map((both) => both.join("")),
    { minLength: 1, maxLength: 3 },
  );
  const around = fc.integer({ min: Date.UTC(2026, 2, 27), max: Date.UTC(2026, 2, 31) });
  fc.assert(
    fc.property(text, around, (parts, ms) => {
      const schedule = parseSchedule(parts.join("; "));
      const at = new Date(ms);
      const change = nextChange(schedule, at);
      if (change === null) return;
      expect(isOpen(schedule, change)).not.toBe(isOpen(schedule, at));
      expect(isOpen(schedule, new Date(change.getTime() - 1))).toBe(isOpen(schedule, at));
    }),
    { numRuns: 60 },
  );
});

test("the clock of this process follows its time zone", () => {
  const before = process.env.TZ;
  try {
    process.env.TZ = "Europe/Berlin";
    expect(localWallTime(new Date("2026-03-29T01:00:00Z"))).toEqual({ day: 0, minute: 180 });
  } finally {
    process.env.TZ = before ?? "UTC";
  }
});

test.each([
  ["", "expected hours"],
  ["always", "where always stands"],
  ["22:00", "where 22:00 stands"],
  ["22:00-25:00", "22:00-25:00"],
  ["22:00-24:01", "22:00-24:01"],
  ["24:00-07:00", "24:00-07:00"],
  ["22:60-23:00", "22:60-23:00"],
  ["07:00-07:00", "no time at all"],
  ["mon-fri", "after mon-fri"],
  ["mon 08:00-09:00 tue 10:00-11:00", "a ; before tue"],
  ["mon-wed-fri 08:00-09:00", "where mon-wed-fri stands"],
])("%p names no hours", (text, message) => {
  expect(() => parseSchedule(text)).toThrow(message);
  expect(() => parseSchedule(text)).toThrow(BadSchedule);
});
