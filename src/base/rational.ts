// Exact arithmetic on time: rationals and conversions between time bases. No floating point inside.
import { invariant } from "./assert.ts";

/** `num/den`, den > 0. A time base is seconds per tick (1/90000); a frame rate is frames per second (24000/1001). */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

/** A timestamp in ticks of a time base that the context states. A safe integer (a 33-bit PTS is far below 2^53). */
export type Pts = number;

export const MICROSECONDS: Rational = { num: 1, den: 1_000_000 };

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}

function fromBig(num: bigint, den: bigint): Rational {
  const sign = den < 0n ? -1n : 1n;
  const divisor = gcd(num, den) || 1n;
  return { num: Number((sign * num) / divisor), den: Number((sign * den) / divisor) };
}

export function rational(num: number, den: number): Rational {
  invariant(den !== 0, `rational ${num}/0`);
  return fromBig(BigInt(num), BigInt(den));
}

/** Parses `24000/1001`, `25`, `1/90000`; null for `0/0`, `N/A` and anything else. Decimals such as `29.97` are taken exactly as written. */
export function parseRational(text: string): Rational | null {
  const fraction = /^(-?\d+)[/:](\d+)$/.exec(text);
  if (fraction) {
    const den = Number(fraction[2]);
    return den === 0 ? null : rational(Number(fraction[1]), den);
  }
  const decimal = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (!decimal) return null;
  const digits = decimal[2] ?? "";
  return fromBig(BigInt(`${decimal[1]}${digits}`), 10n ** BigInt(digits.length));
}

export function formatRational(value: Rational): string {
  return `${value.num}/${value.den}`;
}

export function toNumber(value: Rational): number {
  return value.num / value.den;
}

export function add(a: Rational, b: Rational): Rational {
  return fromBig(BigInt(a.num) * BigInt(b.den) + BigInt(b.num) * BigInt(a.den), BigInt(a.den) * BigInt(b.den));
}

export function subtract(a: Rational, b: Rational): Rational {
  return add(a, { num: -b.num, den: b.den });
}

export function multiply(a: Rational, b: Rational): Rational {
  return fromBig(BigInt(a.num) * BigInt(b.num), BigInt(a.den) * BigInt(b.den));
}

export function invert(value: Rational): Rational {
  invariant(value.num !== 0, "inverse of zero");
  return fromBig(BigInt(value.den), BigInt(value.num));
}

/** The nearest fraction of which neither part is more than `most`, as ffmpeg's av_reduce finds it. For values above zero. */
export function nearestRational(value: Rational, most: number): Rational {
  const exact = rational(value.num, value.den);
  if (exact.num <= most && exact.den <= most) return exact;
  const wanted = toNumber(exact);
  let best: Rational = { num: most, den: 1 };
  for (let den = 1; den <= most; den += 1) {
    const num = Math.max(1, Math.min(most, Math.round(wanted * den)));
    if (Math.abs(num / den - wanted) < Math.abs(toNumber(best) - wanted)) best = { num, den };
  }
  return best;
}

export function equals(a: Rational, b: Rational): boolean {
  return BigInt(a.num) * BigInt(b.den) === BigInt(b.num) * BigInt(a.den);
}

/**
 * Ticks in `from` → ticks in `to`, rounded to nearest, halves away from zero
 * (the rounding of ffmpeg's av_rescale_q, libavutil/mathematics.h AV_ROUND_NEAR_INF).
 */
export function rescale(ticks: Pts, from: Rational, to: Rational): Pts {
  const numerator = BigInt(ticks) * BigInt(from.num) * BigInt(to.den);
  const denominator = BigInt(from.den) * BigInt(to.num);
  const half = denominator / 2n;
  return Number(numerator >= 0n ? (numerator + half) / denominator : -((-numerator + half) / denominator));
}

/** libavutil's AVRounding by its option names: towards zero, away from it, down, up, to nearest with halves away from zero. */
export type Rounding = "zero" | "inf" | "down" | "up" | "near";

/** Ticks in `from` → ticks in `to`, rounded as av_rescale_q_rnd does it. */
export function rescaleRounded(ticks: Pts, from: Rational, to: Rational, rounding: Rounding): Pts {
  if (rounding === "near") return rescale(ticks, from, to);
  const numerator = BigInt(ticks) * BigInt(from.num) * BigInt(to.den);
  const denominator = BigInt(from.den) * BigInt(to.num);
  const towardsZero = numerator / denominator;
  const rest = numerator - towardsZero * denominator;
  if (rest === 0n) return Number(towardsZero);
  const away = numerator < 0n ? -1n : 1n;
  const isAway = rounding === "inf" || (rounding === "up" ? away > 0n : rounding === "down" && away < 0n);
  return Number(isAway ? towardsZero + away : towardsZero);
}

/** Decimal seconds with six digits, rounded to the nearest microsecond: the form ffmpeg's options take. */
export function formatMicroseconds(microseconds: number): string {
  const sign = microseconds < 0 ? "-" : "";
  const absolute = Math.abs(microseconds);
  return `${sign}${Math.trunc(absolute / 1e6)}.${String(absolute % 1_000_000).padStart(6, "0")}`;
}
