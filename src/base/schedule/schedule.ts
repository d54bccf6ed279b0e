// Hours of the week in local time: whether a moment lies in them, and when that changes. Everything goes by what a clock on
// the wall shows, so days on which the clocks are set have 23 or 25 hours here too. Pure but for the machine's time zone.

/** In minutes: the end lies behind the start, and beyond the day's 1440 where the range ends on the next day. */
export interface HourRange {
  /** 0: Sunday. Of the day on which the range begins. */
  readonly days: ReadonlySet<number>;
  readonly startMinute: number;
  readonly endMinute: number;
}

export interface Schedule {
  /** As people wrote it. */
  readonly text: string;
  readonly ranges: readonly HourRange[];
}

/** What a clock on the wall shows. */
export interface WallTime {
  /** 0: Sunday. */
  readonly day: number;
  /** Of the day. */
  readonly minute: number;
}

export const MINUTES_A_DAY = 24 * 60;
const MINUTE_MS = 60_000;
/** A range that the change to summer time leaves out comes a week later. */
const LOOK_AHEAD_MINUTES = 15 * MINUTES_A_DAY;

/** In the time zone of this process. */
export function localWallTime(at: Date): WallTime {
  return { day: at.getDay(), minute: 60 * at.getHours() + at.getMinutes() };
}

export function isOpen(schedule: Schedule, at: Date, wallTime: (at: Date) => WallTime = localWallTime): boolean {
  const { day, minute } = wallTime(at);
  const dayBefore = (day + 6) % 7;
  return schedule.ranges.some(
    ({ days, startMinute, endMinute }) =>
      (days.has(day) && minute >= startMinute && minute < endMinute) ||
      (days.has(dayBefore) && minute + MINUTES_A_DAY < endMinute),
  );
}

/**
 * The next moment at which `isOpen` is different; null: not within two weeks. Looks at each minute, because the clocks may
 * be set at any of them: a few milliseconds at most.
 */
export function nextChange(
  schedule: Schedule,
  at: Date,
  wallTime: (at: Date) => WallTime = localWallTime,
): Date | null {
  const isOpenNow = isOpen(schedule, at, wallTime);
  const thisMinute = Math.floor(at.getTime() / MINUTE_MS);
  for (let ahead = 1; ahead <= LOOK_AHEAD_MINUTES; ahead++) {
    const then = new Date((thisMinute + ahead) * MINUTE_MS);
    if (isOpen(schedule, then, wallTime) !== isOpenNow) return then;
  }
  return null;
}
