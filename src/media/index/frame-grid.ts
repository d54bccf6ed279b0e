// For a constant-rate source whose container rounds its times (23.976 in Matroska's milliseconds: 0, 42, 83, 125):
// checks that every frame's time is a rounded tick of the exact grid, so that the output may have the exact times.
// Pure.
import { invert, MICROSECONDS, multiply, type Pts, type Rational, rescale } from "../../base/rational.ts";
import type { SourceInfo } from "../model/source.ts";
import { clockOffsetUs, clockShift } from "../source/source-clock.ts";

/** After this many frames, empty slots of the grid show that the rate is different. */
const FRAMES_TO_JUDGE = 24;
/** The share of slots that must be taken: a recording that lost frames passes, one of half the rate does not. */
const LEAST_TAKEN = 0.75;
const ROUNDING_SLACK = 1e-6;
/** Frames further from their tick than this share of it are not on it. */
const INSIDE = 0.25;
/**
 * Later frames may stand further from their tick than the first frame by this share of a tick, and by a tick of the
 * source.
 */
const MARGIN = 0.05;

/**
 * The encoder's tick may be a fraction of a frame: with one of these divisors, 24 frames a second fit wherever they
 * begin in ms.
 */
const PARTS = [1, 2, 3, 4, 5] as const;

/** Watches frames as the index finds them, in any order. */
export class FrameGrid {
  /** Why the frames are not on the grid; null while they are. */
  broken: string | null = null;
  readonly #step: Rational;
  readonly #timeBase: Rational;
  /** Ticks of the source from its own zero to the job's. */
  readonly #shift: Pts;
  readonly #mostTicks: number;
  /** Encoder ticks in a frame; known from the first frame on. */
  #parts = 0;
  #earliest = Number.POSITIVE_INFINITY;
  #latest = Number.NEGATIVE_INFINITY;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  #frames = 0;

  /** `step`: seconds from one frame to the next; `mostTicks`: the largest denominator of a tick that the encoder takes. */
  constructor(
    step: Rational,
    info: Pick<SourceInfo, "startMicroseconds" | "video">,
    mostTicks = Number.POSITIVE_INFINITY,
  ) {
    this.#mostTicks = mostTicks;
    this.#step = step;
    this.#timeBase = info.video.timeBase;
    this.#shift = clockShift(clockOffsetUs(info), info.video.timeBase);
  }

  get rate(): Rational {
    return invert(this.#step);
  }

  /** What the encoder counts in, seconds. */
  get tick(): Rational {
    return this.#tickOf(Math.max(1, this.#parts));
  }

  #tickOf(parts: number): Rational {
    return multiply(this.#step, { num: 1, den: parts });
  }

  /** The nearest encoder tick, and the distance from it in ticks of the source; `length`: source ticks in an encoder tick. */
  #nearestTick(
    pts: Pts,
    parts: number,
  ): { readonly tickNumber: number; readonly stray: number; readonly length: number } {
    const { num, den } = multiply(multiply(this.#step, { num: 1, den: parts }), invert(this.#timeBase));
    const tickNumber = Math.round(((pts + this.#shift) * den) / num);
    return { tickNumber, stray: ((pts + this.#shift) * den - tickNumber * num) / den, length: num / den };
  }

  /** The first divisor that leaves room for later frames, or the one that leaves most. */
  #choose(pts: Pts): number {
    const counted = PARTS.filter((parts) => this.#tickOf(parts).den <= this.#mostTicks);
    const reaches = counted.map((parts) => {
      const { stray, length } = this.#nearestTick(pts, parts);
      return { parts, reach: Math.abs(stray) / length + Math.max(MARGIN, 1 / length) };
    });
    const suitable = reaches.find(({ reach }) => reach <= INSIDE);
    return (suitable ?? reaches.toSorted((a, b) => a.reach - b.reach)[0])?.parts ?? 1;
  }

  /** `neighbours`: the nearest known frames before and after; NaN where there is none. */
  see(pts: Pts, neighbours: readonly number[]): void {
    if (this.broken !== null) return;
    if (this.#parts === 0) this.#parts = this.#choose(pts);
    const { tickNumber, stray, length } = this.#nearestTick(pts, this.#parts);
    this.#earliest = Math.min(this.#earliest, stray);
    this.#latest = Math.max(this.#latest, stray);
    const isBetween = this.#frames > 0 && (tickNumber - this.#first) % this.#parts !== 0;
    this.#first = Math.min(this.#first, tickNumber);
    this.#last = Math.max(this.#last, tickNumber);
    this.#frames += 1;
    const gridFrames = (this.#last - this.#first) / this.#parts + 1;
    const what = `a frame at ${pts} ticks`;
    if (isBetween || this.#latest - this.#earliest > 1 + ROUNDING_SLACK || Math.abs(stray) > INSIDE * length)
      this.broken = `${what} does not fit the declared rate, rounded`;
    else if (neighbours.some((other) => Math.abs(other - pts) < (length * this.#parts) / 2))
      this.broken = `${what} shares its slot of the declared rate with another`;
    else if (
      gridFrames > 2 * FRAMES_TO_JUDGE &&
      this.#frames >= FRAMES_TO_JUDGE &&
      this.#frames < LEAST_TAKEN * gridFrames
    )
      this.broken = `too many slots of the declared rate are empty up to ${pts} ticks`;
  }

  /**
   * Where an output on the grid begins, in microseconds on the source's own clock: at its tick of the grid, unless the
   * frames differ from the grid by more than rounding; then at its true time, so that the sound keeps its distance.
   */
  beginsUs(firstPts: Pts): number {
    const { tickNumber, stray } = this.#nearestTick(firstPts, Math.max(1, this.#parts));
    if (Math.abs(stray) > 0.5 + ROUNDING_SLACK) return rescale(firstPts, this.#timeBase, MICROSECONDS);
    return rescale(tickNumber, this.tick, MICROSECONDS) - rescale(this.#shift, this.#timeBase, MICROSECONDS);
  }
}
