// The attempts that this client holds: takes offers, reports each one every second, and ends them when the client leaves.
import { dirname } from "node:path";
import { delay } from "../../../base/clock.ts";
import type { Offer } from "../../protocol/messages.ts";
import type { HeldSegment } from "../client-options.ts";
import type { FinishedResult } from "../ports.ts";
import { Attempt, type AttemptParts, DISK_IS_FULL } from "./attempt.ts";
import { segmentFolder } from "./segment-runner.ts";

const REPORT_EVERY_MS = 1000;
const CLIENT_STOPS = "the client stops";

export interface AttemptsParts extends Omit<AttemptParts, "onDiskFull" | "onEnd"> {
  readonly identityFolder: string;
}

export class Attempts {
  readonly #parts: AttemptsParts;
  readonly #attemptParts: AttemptParts;
  readonly #live = new Map<string, Attempt>();
  readonly #ticker: ReturnType<typeof setInterval>;
  #takesOffers = true;
  /** Why it rests; null: it works. */
  #rest: string | null = null;

  constructor(parts: AttemptsParts) {
    this.#parts = parts;
    this.#attemptParts = {
      ...parts,
      onDiskFull: () => this.#giveBackQueued(),
      onEnd: (attemptId) => this.#live.delete(attemptId),
    };
    this.#ticker = setInterval(() => {
      for (const attempt of this.#live.values()) attempt.report();
    }, REPORT_EVERY_MS);
  }

  offer(offer: Offer): void {
    const { attemptId } = offer;
    const reason = this.#takesOffers ? this.#rest : CLIENT_STOPS;
    if (reason === null) {
      this.#begin(attemptId, segmentFolder(this.#parts.identityFolder, attemptId), (attempt) => attempt.start(offer));
    } else this.#parts.outbox.send({ type: "attempt-failed", attemptId, kind: "stopped", reason });
  }

  /** Takes nothing more, and gives back what waits for a slot and what would take longer than this; uploads go on. */
  rest(reason: string, mostRemainingMs: number): void {
    this.#rest = reason;
    for (const attempt of this.#live.values()) {
      if (attempt.state === "uploading" || attempt.state === "ended") continue;
      if (attempt.state === "queued" || attempt.remainingMs() > mostRemainingMs) attempt.giveBack(reason);
    }
  }

  /** Ends `rest`. */
  wake(): void {
    this.#rest = null;
  }

  /** Takes a finished result from before this process started. */
  resume(result: FinishedResult): void {
    this.#begin(result.attemptId, dirname(result.path), (attempt) => attempt.resume(result));
  }

  #begin(attemptId: string, folder: string, start: (attempt: Attempt) => void): void {
    if (this.#live.has(attemptId)) return; // offered twice
    const attempt = new Attempt(this.#attemptParts, attemptId, folder);
    this.#live.set(attemptId, attempt);
    start(attempt);
    this.#parts.onChange();
  }

  /** Ends an attempt that the server no longer wants. */
  stop(attemptId: string): void {
    const attempt = this.#live.get(attemptId);
    if (attempt === undefined) return;
    const stage = attempt.state;
    const began = performance.now();
    attempt.stop("stopped by the server");
    const note = () => {
      const ms = Math.round(performance.now() - began);
      this.#parts.log.info("an attempt was stopped", { attempt: attemptId, stage, ms });
    };
    attempt.done.then(note, () => undefined); // the attempt itself logs what went wrong
  }

  held(): string[] {
    return [...this.#live.keys()];
  }

  /** What it holds, for people. */
  shown(): readonly HeldSegment[] {
    return [...this.#live.values()].flatMap((attempt) => attempt.shown() ?? []);
  }

  /** On the way out: takes nothing more, gives back what would take longer than this, and waits for the others. */
  async finishSoon(withinMs: number): Promise<void> {
    this.#takesOffers = false;
    const soon: Promise<void>[] = [];
    for (const attempt of this.#live.values()) {
      const isSuspended = this.#parts.segment.pausable.isPaused() && attempt.state !== "uploading";
      if (!isSuspended && attempt.remainingMs() <= withinMs) soon.push(attempt.done);
      else attempt.giveBack(CLIENT_STOPS);
    }
    const late = new AbortController();
    await Promise.race([Promise.allSettled(soon), delay(withinMs, late.signal)]);
    late.abort();
  }

  /** Ends all; with `keepFinished` those that only wait for the server stay on disk for the next start. */
  async stopAll({ keepFinished }: { readonly keepFinished: boolean }): Promise<void> {
    clearInterval(this.#ticker);
    const all = [...this.#live.values()];
    for (const attempt of all) attempt.stop(CLIENT_STOPS, { keepFinished });
    await Promise.allSettled(all.map((attempt) => attempt.done));
  }

  #giveBackQueued(): void {
    for (const attempt of this.#live.values()) if (attempt.state === "queued") attempt.giveBack(DISK_IS_FULL);
  }
}
