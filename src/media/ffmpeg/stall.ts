// When an encode no longer works though its process lives: no new frame, no processor time, nobody it waits for.
// Pure: what is seen and when comes from outside.

export interface StallBounds {
  /** Without a frame and without processor time for this long it hangs (a dead disk, a stopped process). */
  readonly idleMs: number;
  /** Without a frame for this long it hangs whatever it burns. */
  readonly busyMs: number;
}

/**
 * Thirty seconds without any work are no encoder's pause. A slow encoder's look-ahead may hold back a hundred frames
 * of many seconds each before the first one comes out: as long as it computes it is given sixty times as long.
 */
export function stallBounds(idleMs: number): StallBounds {
  return { idleMs, busyMs: 60 * idleMs };
}

export const DEFAULT_IDLE_MS = 30_000;

/** Less than this share of one core is a process that wakes up to wait on. */
const LEAST_CPU_SHARE = 0.02;
/** A longer step is time in which this process itself did not run (stopped, asleep): nothing was missed in it. */
const LONGEST_STEP_MS = 3000;

export interface StallRule {
  /** Frames so far, as ffmpeg says. */
  moved(frames: number): void;
  /** Called every second or so; `isWaiting`: the source's bytes are being fetched, which has bounds of its own. */
  check(nowMs: number, cpuMs: number | null, isWaiting: boolean): boolean;
  /** What was missed, for people; meaningful once `check` has said true. */
  reason(): string;
}

export function createStallRule(bounds: StallBounds): StallRule {
  let frames = 0;
  let hasMoved = false;
  let withoutFrameMs = 0;
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
        withoutFrameMs = 0;
        withoutWorkMs = 0;
        hasMoved = false;
        return false;
      }
      if (isWaiting) return false;
      withoutFrameMs += stepMs;
      // Where processor time can't be read, only the frames tell.
      if (usedMs === null || usedMs >= LEAST_CPU_SHARE * stepMs) withoutWorkMs = 0;
      else withoutWorkMs += stepMs;
      return withoutWorkMs >= bounds.idleMs || withoutFrameMs >= bounds.busyMs;
    },
    reason() {
      const isIdle = withoutWorkMs >= bounds.idleMs;
      const seconds = Math.round((isIdle ? withoutWorkMs : withoutFrameMs) / 1000);
      const what = isIdle ? "no frame and no processor time" : "no frame";
      return `ffmpeg hangs: ${what} for ${seconds} s, after frame ${frames}`;
    },
  };
}
