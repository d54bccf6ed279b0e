// Decides when an encode hangs although its process lives: no new frame, no processor time, and nothing to wait for.
// Pure: the caller passes observations and times.

export interface StallBounds {
  /** After this long without a frame and without processor time it hangs (a dead disk, a stopped process). */
  readonly idleMs: number;
  /** Without a frame for this long it hangs whatever it burns, until its own frames tell how long they take. */
  readonly busyMs: number;
}

/**
 * No encoder pauses for thirty seconds without any work. A slow encoder's look-ahead may hold back a hundred frames,
 * each of many seconds, before the first one comes out: while it computes, it gets sixty times as long.
 */
export function stallBounds(idleMs: number): StallBounds {
  return { idleMs, busyMs: 60 * idleMs };
}

/** A frame may take this many times as long as the slowest one before it: scenes differ, and machines are shared. */
const SLOWER = 20;
/** And at least this part of what the first one may take. */
const LEAST_BUSY = 1 / 6;

export const DEFAULT_IDLE_MS = 30_000;

/** A process that uses less than this share of one core only wakes up to wait again. */
const LEAST_CPU_SHARE = 0.02;
/** In a longer step this process itself did not run (stopped, asleep), so the observation says nothing. */
const LONGEST_STEP_MS = 3000;

export interface StallRule {
  /** Frames so far, as ffmpeg says. */
  moved(frames: number): void;
  /** Called every second or so; `isWaiting`: the source's bytes are being fetched, which has bounds of its own. */
  check(nowMs: number, cpuMs: number | null, isWaiting: boolean): boolean;
  /** The reason, for people; valid once `check` has returned true. */
  reason(): string;
}

export function createStallRule(bounds: StallBounds): StallRule {
  let frames = 0;
  let hasMoved = false;
  let withoutFrameMs = 0;
  let slowestMs = 0;
  let withoutWorkMs = 0;
  let last: { readonly nowMs: number; readonly cpuMs: number | null } | null = null;
  return {
    moved(now) {
      if (now <= frames) return;
      frames = now;
      hasMoved = true;
    },
    check(nowMs, cpuMs, isWaiting) {
      const stepMs = last === null ? 0 : Math.min(nowMs - last.nowMs, LONGEST_STEP_MS);
      const usedMs = cpuMs === null ? null : cpuMs - (last?.cpuMs ?? 0);
      last = { nowMs, cpuMs };
      if (hasMoved) {
        slowestMs = Math.max(slowestMs, withoutFrameMs);
        withoutFrameMs = 0;
        withoutWorkMs = 0;
        hasMoved = false;
        return false;
      }
      if (isWaiting) return false;
      withoutFrameMs += stepMs;
      // Where processor time can't be read, only the frames count.
      if (usedMs === null || usedMs >= LEAST_CPU_SHARE * stepMs) withoutWorkMs = 0;
      else withoutWorkMs += stepMs;
      const known = Math.max(SLOWER * slowestMs, LEAST_BUSY * bounds.busyMs);
      const busyMs = frames === 0 ? bounds.busyMs : Math.min(known, bounds.busyMs);
      return withoutWorkMs >= bounds.idleMs || withoutFrameMs >= busyMs;
    },
    reason() {
      const isIdle = withoutWorkMs >= bounds.idleMs;
      const seconds = Math.round((isIdle ? withoutWorkMs : withoutFrameMs) / 1000);
      const what = isIdle ? "no frame and no processor time" : "no frame";
      return `ffmpeg hangs: ${what} for ${seconds} s, after frame ${frames}`;
    },
  };
}
