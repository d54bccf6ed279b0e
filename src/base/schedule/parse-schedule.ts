// Reads hours of the week as people write them: `22:00-07:00`, `mon-fri 22:00-07:00, 12:00-13:00; sat,sun 00:00-24:00`.
import { type HourRange, MINUTES_A_DAY, type Schedule } from "./schedule.ts";

const DAY_NAMES: readonly string[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const EVERY_DAY: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6]);
const MOST_RANGES = 50;

/** A text that names no hours; its message completes "it is …: ". */
export class BadSchedule extends Error {}

/** Ranges are parted by commas or spaces, and those of other days by semicolons. Errors: BadSchedule. */
export function parseSchedule(text: string): Schedule {
  const parts = text
    .toLowerCase()
    .split(";")
    .filter((part) => part.trim() !== "");
  const ranges = parts.flatMap((part) => parsePart(part.trim()));
  if (ranges.length === 0) throw new BadSchedule("expected hours, such as 22:00-07:00");
  if (ranges.length > MOST_RANGES) throw new BadSchedule(`expected at most ${MOST_RANGES} ranges of hours`);
  return { text: text.trim().replaceAll(/\s+/g, " "), ranges };
}

function parsePart(part: string): readonly HourRange[] {
  const words = part.split(/[\s,]+/).filter((word) => word !== "");
  const days = new Set<number>();
  const ranges: { startMinute: number; endMinute: number }[] = [];
  for (const word of words) {
    if (/^\d/.test(word)) ranges.push(parseHours(word));
    else if (ranges.length === 0) for (const day of parseDays(word)) days.add(day);
    else throw new BadSchedule(`expected a ; before ${word}`);
  }
  if (ranges.length === 0) throw new BadSchedule(`expected hours after ${part}, such as 22:00-07:00`);
  return ranges.map((range) => ({ days: days.size === 0 ? EVERY_DAY : days, ...range }));
}

/** `mon`, or `mon-fri`; over the end of the week too. */
function parseDays(word: string): readonly number[] {
  const [first = "", last = first, ...more] = word.split("-");
  const start = dayOf(first);
  const end = dayOf(last);
  if (more.length > 0) throw new BadSchedule(`expected days, such as mon-fri, where ${word} stands`);
  const days: number[] = [];
  for (let day = start; ; day = (day + 1) % 7) {
    days.push(day);
    if (day === end) return days;
  }
}

function dayOf(name: string): number {
  const day = DAY_NAMES.indexOf(name);
  if (day < 0) throw new BadSchedule(`expected ${DAY_NAMES.join(", ")} or hours where ${name} stands`);
  return day;
}

function parseHours(word: string): { startMinute: number; endMinute: number } {
  const [first = "", last = "", ...more] = word.split("-");
  const startMinute = minuteOf(first);
  const end = minuteOf(last);
  if (startMinute === null || end === null || more.length > 0 || startMinute === MINUTES_A_DAY) {
    throw new BadSchedule(`expected hours from 00:00 to 24:00, such as 22:00-07:00, where ${word} stands`);
  }
  if (startMinute === end) throw new BadSchedule(`${word} is no time at all; the whole day is 00:00-24:00`);
  return { startMinute, endMinute: end > startMinute ? end : end + MINUTES_A_DAY };
}

function minuteOf(text: string): number | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text);
  if (match === null) return null;
  const [hours, minutes] = [Number(match[1]), Number(match[2])];
  const minute = 60 * hours + minutes;
  return minutes < 60 && minute <= MINUTES_A_DAY ? minute : null;
}
