// Detects collapsed times: pictures one tick apart where the source's last longer, or a video or track that is shorter
// than the packets it was made from. Counts can't show this, and the times of a source with a broken clock agree with
// it. Pure.
import type { ProofCheck } from "../../model/proof.ts";

export interface StepsInput {
  /** Of the output's pictures, sorted, seconds. */
  readonly shown: readonly number[];
  /** How close pictures come that collapse (`crowdTick`), seconds. */
  readonly tick: number;
  /**
   * Of the source's picture: what its packets last together, seconds; how many ticks of the coarser clock a picture lasts on
   * average; how many steps in a row come out a tick long since the packets say so; how many steps between different times
   * are no longer than `tick`, and how many packets have the time of another (null: the packets don't tell the output's).
   * Null: not known.
   */
  readonly picture: {
    readonly seconds: number;
    readonly ticks: number;
    readonly ticksInARow: number;
    readonly close: { readonly apart: number; readonly doubles: number } | null;
  } | null;
  /** Of each kept track of sound: what the source's packets last together, and from where to where the output's lie, seconds. */
  readonly sounds: readonly { readonly stream: number; readonly source: number; readonly output: number }[];
}

export const STEPS_CHECK = "times do not collapse";

/**
 * More pictures in a row one tick apart can't come from a decoder that gave two pictures one time. Where a picture lasts a
 * tick, as in AVI, they are as far apart as they should be.
 */
const MOST_IN_A_ROW = 4;
/**
 * So many in a row that the packets don't have are a place where times go back, unless the film ends there: a decoder's
 * last pictures come without a clock.
 */
const MOST_MADE_IN_A_ROW = 1;
/** The same behind a filter for fields: two pictures at one time give three there, and three give five. */
const MOST_FIELDS_IN_A_ROW = 3;
/** So many steps that the packets don't have may be guesses of one time for two pictures, where a stream begins and ends. */
const MOST_MADE = 8;
/** So far from its time a picture may be put because others have that time; at least a tick, since no output has less. */
const MOST_MOVED_SECONDS = 0.001;
/** Pictures of the source must last at least this many ticks on average for the check to mean anything. */
const LEAST_TICKS = 4;
/** Damaged ends, codecs that need a few packets to begin, roundings. */
const SLACK_SECONDS = 1;
const SLACK_SHARE = 0.005;

/** Whether a step is none: this is what a time becomes that another picture has already. */
export function isClose(from: number, to: number, tick: number): boolean {
  return to - from <= 1.01 * tick;
}

/** How many of the steps between sorted times are no longer than a tick; all in seconds. */
export function closeSteps(times: readonly number[], tick: number): number {
  return times.filter((at, n) => n > 0 && isClose(times[n - 1] ?? 0, at, tick)).length;
}

/**
 * What packets last together, seconds. They are counted in the order of decoding: of a picture that is shown behind a pause
 * that is before the pause, so on one clock no more counts than what is shown. `shown`: their times, sorted.
 */
export function togetherSeconds(
  decoded: { readonly seconds: number; readonly isBroken: boolean },
  shown: readonly number[],
): number {
  return decoded.isBroken ? decoded.seconds : Math.min(decoded.seconds, (shown.at(-1) ?? 0) - (shown[0] ?? 0));
}

type Crowd = Pick<StepsInput, "shown" | "tick" | "picture">;

/** Whether a picture lasts so many ticks that a step of one means anything. */
function lastsTicks({ picture }: Crowd): boolean {
  return picture !== null && picture.ticks >= LEAST_TICKS;
}

function crowd(from: number, to: number): string {
  return `pictures ${from} to ${to} are a tick apart`;
}

/** Where pictures come at one time; null: nowhere. */
export function crowdOf({ shown, tick, picture }: Crowd): string | null {
  if (picture === null || !lastsTicks({ shown, tick, picture })) return null;
  const { close } = picture;
  const most = Math.max(MOST_IN_A_ROW, picture.ticksInARow);
  const made = close === null ? 0 : closeSteps(shown, tick) - close.apart - close.doubles;
  let row = 0;
  for (let at = 1; at < shown.length; at += 1) {
    row = isClose(shown[at - 1] ?? 0, shown[at] ?? 0, tick) ? row + 1 : 0;
    const isMade = made > 0 && row > MOST_MADE_IN_A_ROW && goesOnAfter(shown, at, tick);
    // Where no two packets stand so close, all pictures of a row have the time of its first one.
    const moved = close?.apart === 0 ? (shown[at] ?? 0) - (shown[at - row] ?? 0) : 0;
    if (row > most || isMade || moved > farthest(tick)) return crowd(at - row, at);
  }
  return made > MOST_MADE ? `${made} pictures are a tick behind another where their packets are not` : null;
}

/** So far may a picture be moved, seconds. */
function farthest(tick: number): number {
  return 1.01 * Math.max(tick, MOST_MOVED_SECONDS);
}

/**
 * Where pictures come so long a row at one time that the last one is moved too far, in the source's ticks or by a
 * container that counts in coarser ones, and no packets stand so close there; null: nowhere. Behind a filter for fields each picture whose time goes back gives two more. `planned`: what the packets
 * say of the times in `shown`.
 */
export function movedCrowd(steps: Crowd, planned: readonly number[]): string | null {
  const { shown, tick } = steps;
  if (!lastsTicks(steps)) return null;
  const close = planned.filter((at, n) => n > 0 && isClose(planned[n - 1] ?? 0, at, tick));
  let [row, passed] = [0, 0];
  for (let at = 1; at < shown.length; at += 1) {
    const [before, now] = [shown[at - 1] ?? 0, shown[at] ?? 0];
    row = isClose(before, now, tick) ? row + 1 : 0;
    const first = shown[at - row] ?? 0;
    while (passed < close.length && (close[passed] ?? 0) < first - tick) passed += 1;
    const isPlanned = (close[passed] ?? Number.POSITIVE_INFINITY) <= now + tick;
    const isLong = row > MOST_FIELDS_IN_A_ROW && goesOnAfter(shown, at, tick);
    if (!isPlanned && (isLong || now - first > farthest(tick))) return crowd(at - row, at);
  }
  return null;
}

/** Whether a picture follows that is no tick behind the one before it. */
function goesOnAfter(shown: readonly number[], at: number, tick: number): boolean {
  return shown.some((time, n) => n > at && !isClose(shown[n - 1] ?? 0, time, tick));
}

function isShort(seconds: number, of: number, slack = 0): boolean {
  return seconds < of * (1 - SLACK_SHARE) - SLACK_SECONDS - slack;
}

/** Whether all pictures together last less than their packets; null: they don't, or it is not known. */
export function shortOf({ shown, picture }: Crowd): string | null {
  const lasts = (shown.at(-1) ?? 0) - (shown[0] ?? 0);
  if (picture === null || shown.length < 2 || !isShort(lasts, picture.seconds, (2 * lasts) / (shown.length - 1)))
    return null;
  return `the pictures last ${lasts.toFixed(2)} s, their packets ${picture.seconds.toFixed(2)} s`;
}

export function checkSteps(input: StepsInput): ProofCheck {
  const { shown, picture, sounds } = input;
  const lasts = (shown.at(-1) ?? 0) - (shown[0] ?? 0);
  const problems = [crowdOf(input), shortOf(input)].filter((problem) => problem !== null);
  const facts = [`the pictures last ${lasts.toFixed(2)} s`];
  if (picture === null) facts.push("not measured: what the source's packets last");
  for (const { stream, source, output } of sounds) {
    if (isShort(output, source))
      problems.push(`sound ${stream} lasts ${output.toFixed(2)} s, its packets ${source.toFixed(2)} s`);
    else facts.push(`sound ${stream} ${output.toFixed(2)} s`);
  }
  const ok = problems.length === 0;
  return { name: STEPS_CHECK, ok, detail: ok ? `${facts.join(", ")}, as their packets do` : problems.join("; ") };
}
