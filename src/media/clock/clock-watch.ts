// Watches the packets of a file's pictures and sound, in file order, for a clock that restarts or leaps: joined
// recordings. A pause is neither, because the other streams continue. Pure.

/** ffmpeg's own limit (-dts_delta_threshold): a longer step forward may be a leap. */
const LEAP_US = 10_000_000;
/** ffmpeg takes a step back of a tenth of a second for a new clock. */
export const BACK_US = 100_000;
/** Streams of one recording leap together, within what their packets last. */
const TOGETHER_US = 1_000_000;
/** For a stream on its own: this share of its other steps must be alike before one of more than 10 s counts as a leap. */
const EVEN_SHARE = 0.9;
/** Steps that differ by less are alike: rounding to 90 kHz and to milliseconds. */
const ALIKE_US = 1500;
/** Of a stream with few packets at least these are alike. */
const LEAST_ALIKE = 3;

/** One packet of picture or sound, microseconds on the file's clock. */
export interface ClockPacket {
  readonly stream: number;
  /** Decoding time; of a packet without one, when it is shown. */
  readonly atUs: number;
  /** When it is shown; absent: not stated, or not known. */
  readonly shownUs?: number;
  /** 0: not stated. */
  readonly durationUs: number;
}

export interface ClockBreak {
  readonly stream: number;
  /** Where the clock stood before. */
  readonly atUs: number;
  /** By how much it moved; negative: back. */
  readonly byUs: number;
  /** Only the first packet of the stream lies on the old clock. */
  readonly isSecond?: true;
}

interface Found extends ClockBreak {
  /** Streams that did not follow a leap; null: it is a break in any case. */
  readonly behind: readonly number[] | null;
  /** Number of the previous packet on the old clock. */
  readonly after: number;
  /** The stream begins here: a break only if no other stream comes near it, and not one that they must share. */
  readonly isBeginning?: true;
  readonly packet: number;
}

interface StreamClock {
  readonly firstUs: number;
  /** Packets of the file before its first one. */
  readonly firstPacket: number;
  /** It began so far ahead of all others that it can't bridge their pause. */
  readonly isAhead: boolean;
  atUs: number;
  highestUs: number;
  /** The latest time on the present clock at which one of its packets is shown. */
  shownUs: number;
  durationUs: number;
  /** Packets of the file before its last one. */
  packet: number;
  /** Length of the steps, in buckets, with how often each was seen. */
  readonly steps: Map<number, number>;
  count: number;
}

export class ClockWatch {
  readonly #streams = new Map<number, StreamClock>();
  readonly #found: Found[] = [];
  #packets = 0;

  add({ stream, atUs, shownUs = atUs, durationUs }: ClockPacket): void {
    const clock = this.#streams.get(stream);
    const packet = this.#packets++;
    if (clock === undefined) {
      const isAhead = this.#begin(stream, atUs, packet);
      const steps = new Map<number, number>();
      const first = { firstUs: atUs, firstPacket: packet, isAhead };
      this.#streams.set(stream, { ...first, atUs, highestUs: atUs, shownUs, durationUs, packet, steps, count: 0 });
      return;
    }
    const byUs = atUs - clock.atUs;
    if (atUs < clock.highestUs - BACK_US) {
      const [before, behind] = [clock.highestUs, null];
      this.#found.push({ stream, atUs: before, byUs: atUs - before, behind, packet: packet, after: clock.packet });
      clock.highestUs = atUs;
      clock.shownUs = shownUs;
    } else if (byUs - clock.durationUs > LEAP_US) this.#leap(stream, clock, atUs, packet);
    else {
      const bucket = Math.round(byUs / ALIKE_US);
      clock.steps.set(bucket, (clock.steps.get(bucket) ?? 0) + 1);
    }
    clock.count += 1;
    clock.highestUs = Math.max(clock.highestUs, atUs);
    clock.shownUs = Math.max(clock.shownUs, shownUs);
    clock.atUs = atUs;
    clock.durationUs = durationUs;
    clock.packet = packet;
  }

  /** Whether a new stream begins further ahead of all others than ffmpeg allows without closing the gap. */
  #begin(stream: number, atUs: number, packet: number): boolean {
    const others = [...this.#streams];
    const before = others.reduce((most, [, { highestUs }]) => Math.max(most, highestUs), Number.NEGATIVE_INFINITY);
    if (others.length === 0 || atUs - before <= LEAP_US) return false;
    const behind = others.map(([other]) => other);
    this.#found.push({
      stream,
      atUs: before,
      byUs: atUs - before,
      behind,
      packet: packet,
      after: packet,
      isBeginning: true,
    });
    return true;
  }

  #leap(stream: number, clock: StreamClock, atUs: number, packet: number): void {
    // A picture that is decoded before the leap and shown behind it: one encoder saw both sides, so this is a pause.
    if (clock.shownUs > atUs - TOGETHER_US) return;
    const isSecond = clock.count === 0 ? ({ isSecond: true } as const) : {};
    const leap = { stream, atUs: clock.atUs, byUs: atUs - clock.atUs, packet, after: clock.packet, ...isSecond };
    const others = [...this.#streams].filter(
      ([other, each]) => other !== stream && each.packet > clock.packet && !(each.isAhead && each.firstUs > clock.atUs),
    );
    if (this.#follows(leap)) this.#found.push({ ...leap, behind: null });
    else if (others.every(([, other]) => atUs - other.atUs > LEAP_US))
      this.#found.push({ ...leap, behind: others.map(([other]) => other) });
  }

  /** Whether another stream has leapt as far and this one has not yet. */
  #follows({ stream, byUs }: ClockBreak): boolean {
    const own = this.#found.filter((each) => each.stream === stream).length;
    return [...this.#streams.keys()].some((other) => {
      const last = this.#found.filter((each) => each.stream === other);
      return other !== stream && last.length > own && Math.abs((last.at(-1)?.byUs ?? 0) - byUs) < TOGETHER_US;
    });
  }

  /** In the order of the file; empty: one clock throughout. */
  breaks(): readonly ClockBreak[] {
    return this.#breaks();
  }

  #breaks(): readonly Found[] {
    return this.#found.filter(({ stream, atUs, byUs, behind, packet, isBeginning }) => {
      if (behind === null) return true;
      const others = behind.map((other) => this.#streams.get(other));
      const wentOn = others.some((other) => other !== undefined && other.packet > packet);
      // In one recording what pauses at a stream's beginning continues there.
      const cameNear = others.some((other) => other !== undefined && other.highestUs >= atUs + byUs - LEAP_US);
      return isBeginning ? !(wentOn && cameNear) : wentOn || this.#isEven(stream);
    });
  }

  #isEven(stream: number): boolean {
    const clock = this.#streams.get(stream);
    if (clock === undefined) return false;
    const seen = [...clock.steps].map(([bucket, count]) => count + (clock.steps.get(bucket + 1) ?? 0));
    const most = seen.reduce((a, b) => Math.max(a, b), 0);
    // Without the leap itself; further leaps are steps like others.
    return most >= LEAST_ALIKE && most >= EVEN_SHARE * (clock.count - 1);
  }

  /**
   * Whether every stream, but for those that are not used, broke as often as the others, and by as much, once it had begun: then one correction mends them
   * all.
   */
  areTogether(without: ReadonlySet<number> = new Set()): boolean {
    const breaks = this.#breaks().filter(({ isBeginning }) => isBeginning !== true);
    const streams = [...this.#streams].filter(([stream]) => !without.has(stream));
    const byStream = streams.map(([stream]) => breaks.filter((each) => each.stream === stream));
    const longest = byStream.reduce((a, b) => (b.length > a.length ? b : a), []);
    return streams.every(([, clock], number) => {
      const own = byStream[number] ?? [];
      const missed = longest.slice(0, longest.length - own.length).at(-1);
      const rest = longest.slice(longest.length - own.length);
      return (
        (missed === undefined || clock.firstPacket > missed.after) &&
        own.every(({ byUs }, at) => Math.abs(byUs - (rest[at]?.byUs ?? Number.NaN)) < TOGETHER_US)
      );
    });
  }
}

/**
 * Of Ogg: whether it is no other recording, for none begins that far below zero. Where a packet says such a time (sound that
 * was cut off before the picture begins), those before it said none, and were counted from zero.
 */
export function isOfGuesses({ atUs, byUs }: ClockBreak): boolean {
  return byUs < 0 && atUs + byUs < -BACK_US;
}

/** "at 5.40 s its clock goes back by 4.00 s" */
export function describeBreak({ atUs, byUs }: ClockBreak): string {
  const how = byUs < 0 ? "goes back" : "leaps forward";
  return `at ${(atUs / 1e6).toFixed(2)} s its clock ${how} by ${(Math.abs(byUs) / 1e6).toFixed(2)} s`;
}
