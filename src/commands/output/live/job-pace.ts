// What a follower of a job remembers of its views: how fast it really went lately, and which clients were lost when. The clock
// comes from outside.
import type { JobView } from "../../../api/contract.ts";

/** Encodes report in bursts, and segments end: less than this says little. */
const SHORTEST_MS = 4000;
const WINDOW_MS = 30_000;

interface Sample {
  readonly atMs: number;
  readonly frames: number;
}

export interface LostClient {
  readonly name: string;
  readonly forSeconds: number;
}

export class JobPace {
  #samples: Sample[] = [];
  #view: JobView | null = null;
  /** By name: since when. */
  readonly #lost = new Map<string, number>();

  note(view: JobView, nowMs: number): void {
    const last = this.#samples.at(-1);
    // Work was lost, or the job began anew: what was measured before says nothing.
    if (last !== undefined && view.frames.done < last.frames) this.#samples = [];
    this.#samples.push({ atMs: nowMs, frames: view.frames.done });
    while (nowMs - (this.#samples[1]?.atMs ?? nowMs) >= WINDOW_MS) this.#samples.shift();
    this.#noteLost(view, nowMs);
    this.#view = view;
  }

  /** A client whose link is down, or that the server has given up with the link. */
  #noteLost(view: JobView, nowMs: number): void {
    const crew = view.crew ?? [];
    for (const { name, condition } of crew) {
      if (condition !== "lost") this.#lost.delete(name);
      else if (!this.#lost.has(name)) this.#lost.set(name, nowMs);
    }
    for (const { name } of this.#view?.crew ?? []) {
      if (!crew.some((member) => member.name === name) && !this.#lost.has(name)) this.#lost.set(name, nowMs);
    }
  }

  /** The latest first. */
  lost(nowMs: number): readonly LostClient[] {
    return [...this.#lost]
      .map(([name, sinceMs]) => ({ name, forSeconds: Math.round((nowMs - sinceMs) / 1000) }))
      .sort((a, b) => a.forSeconds - b.forSeconds);
  }

  /**
   * Seconds until the last frame is encoded, from what was done lately, and not less than the slowest running encode still
   * needs. Null: nobody can say.
   */
  etaSeconds(nowMs: number): number | null {
    const view = this.#view;
    if (view === null || view.eta_seconds === null) return null;
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    const total = totalOf(view);
    if (first === undefined || last === undefined || total === null) return view.eta_seconds;
    const spanMs = nowMs - first.atMs;
    const made = last.frames - first.frames;
    if (spanMs < SHORTEST_MS || made <= 0) return view.eta_seconds;
    return Math.max(((total - last.frames) * spanMs) / made / 1000, slowestSeconds(view));
  }
}

function totalOf({ frames, progress }: JobView): number | null {
  if (frames.total !== null) return frames.total;
  return progress > 0 ? (frames.done * 100) / progress : null;
}

function slowestSeconds({ crew = [] }: JobView): number {
  const seconds = crew.map(({ segments, fps }) => {
    const running = segments.filter(({ stage }) => stage === "encoding");
    const left = running.map(({ frames }) => frames.total - frames.done);
    return fps > 0 ? (Math.max(0, ...left) * running.length) / fps : 0;
  });
  return Math.max(0, ...seconds);
}
