// One attempt on a segment, from its offer to its end: encodes it, hands the result over, cleans up, and tells the
// server how it stands. Knows no other attempt.
import { invariant } from "../../../base/assert.ts";
import { removeTree } from "../../../base/files.ts";
import { isNoSpace } from "../../../base/no-space.ts";
import type { Progress } from "../../../media/ffmpeg/progress.ts";
import type { AttemptStage, ClientMessage, Offer } from "../../protocol/messages.ts";
import type { HeldSegment } from "../client-options.ts";
import { bytesIn, type DiskSpace } from "../disk-space.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ClientStore, FinishedResult } from "../ports.ts";
import { type EncodeParts, encodeOffer } from "./encode-offer.ts";
import { checkTask, failed, full, type SegmentFailure, type SegmentMeasured } from "./segment-runner.ts";
import { type UploadParts, uploadResult } from "./upload-result.ts";

/** Frames are reported as they come, but not more often than this. */
const REPORT_AT_MOST_EVERY_MS = 500;

export const DISK_IS_FULL = "its disk is full";

/**
 * queued: waits for a slot. fetching: has a slot, and no frame yet. encoding: frames come. uploading: the segment is
 * finished, and stays on this disk until the server has answered. ended: nothing runs, nothing more is reported.
 */
export type AttemptState = AttemptStage | "ended";

/**
 * Every change that may happen. Back to fetching: the encode begins again on another device. From queued to uploading:
 * a result from before this process started.
 */
const TRANSITIONS: Readonly<Record<AttemptState, readonly AttemptState[]>> = {
  queued: ["fetching", "uploading", "ended"],
  fetching: ["fetching", "encoding", "uploading", "ended"],
  encoding: ["fetching", "uploading", "ended"],
  uploading: ["ended"],
  ended: [],
};

export interface AttemptParts extends EncodeParts {
  readonly outbox: Outbox;
  readonly store: ClientStore;
  readonly diskSpace: DiskSpace;
  readonly upload: UploadParts;
  /** Its state has changed, it went on, or it is cleaned up. */
  onChange(): void;
  /** It filled the disk: attempts that wait would fail too. */
  onDiskFull(): void;
  /** It is in its last state; its folder may still be there. */
  onEnd(attemptId: string): void;
}

export class Attempt {
  readonly id: string;
  readonly #parts: AttemptParts;
  readonly #folder: string;
  readonly #abort = new AbortController();
  #state: AttemptState = "queued";
  #frames = 0;
  #fps = 0;
  /** Frames that it will have; null: not known. */
  #expectedFrames: number | null = null;
  #reportedAtMs = 0;
  #keepsFolder = false;
  #done: Promise<void> = Promise.resolve();
  #offer: Offer | null = null;
  /** For the log. */
  #about: Readonly<Record<string, unknown>>;

  /** `folder`: its own, removed at its end. */
  constructor(parts: AttemptParts, id: string, folder: string) {
    this.#parts = parts;
    this.id = id;
    this.#folder = folder;
    this.#about = { attempt: id };
  }

  get state(): AttemptState {
    return this.#state;
  }

  /** Resolves when it has ended and its folder is gone. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** Encodes what was offered, then hands it over. */
  start(offer: Offer): void {
    this.#offer = offer;
    this.#about = { job: offer.jobId, segment: offer.segmentIndex, attempt: this.id };
    this.#run(() => this.#carryOut(offer));
  }

  /** Hands over what was encoded before this process started. */
  resume(result: FinishedResult): void {
    this.#run(() => this.#handOver(result));
  }

  report(): void {
    if (this.#state === "ended") return;
    this.#reportedAtMs = performance.now();
    this.#send({ type: "progress", attemptId: this.id, stage: this.#state, frames: this.#frames, fps: this.#fps });
  }

  /** For people; null: it has ended. */
  shown(): HeldSegment | null {
    if (this.#state === "ended") return null;
    return {
      fileName: this.#offer?.fileName ?? null,
      segment: this.#offer?.segmentIndex ?? null,
      stage: this.#state,
      frames: this.#frames,
      expectedFrames: this.#expectedFrames,
      fps: this.#fps,
    };
  }

  /** Ends it: ffmpeg within two seconds. `keepFinished`: what only waits for the server stays for the next start. */
  stop(reason: string, { keepFinished = false } = {}): void {
    this.#keepsFolder = keepFinished && this.#state === "uploading";
    this.#abort.abort(new Error(reason));
  }

  /** Ends it, and lets another client have the segment at once. */
  giveBack(reason: string): void {
    this.#send({ type: "attempt-failed", attemptId: this.id, kind: "stopped", reason });
    this.#abort.abort(new Error(reason));
  }

  /** Until it is encoded, by its own speed; Infinity: not known. Handing over takes next to nothing. */
  remainingMs(): number {
    if (this.#state === "uploading") return 0;
    if (this.#state !== "encoding" || this.#expectedFrames === null || this.#fps <= 0) return Number.POSITIVE_INFINITY;
    return (1000 * Math.max(0, this.#expectedFrames - this.#frames)) / this.#fps;
  }

  #send(message: ClientMessage): void {
    this.#parts.outbox.send(message);
  }

  #enter(state: AttemptState): void {
    invariant(TRANSITIONS[this.#state].includes(state), `attempt ${this.#state} → ${state}`);
    this.#state = state;
    if (state === "ended") return;
    this.report();
    this.#parts.onChange();
  }

  #run(work: () => Promise<void>): void {
    this.#done = this.#runToEnd(work);
    this.#done.catch((thrown) =>
      this.#parts.log.error("an attempt did not end cleanly", { ...this.#about, error: String(thrown) }),
    );
  }

  /** Cleans up however the work ends. */
  async #runToEnd(work: () => Promise<void>): Promise<void> {
    try {
      this.report();
      await work();
    } catch (thrown) {
      await this.#explain(thrown);
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    this.#enter("ended");
    this.#parts.onEnd(this.id);
    if (!this.#keepsFolder) {
      this.#parts.store.forgetResult(this.id);
      await removeTree(this.#folder);
    }
    this.#parts.onChange();
  }

  async #carryOut(offer: Offer): Promise<void> {
    const task = checkTask(offer);
    if (!("refused" in task)) this.#expectedFrames = task.expectedFrames;
    if (!(await this.#parts.diskSpace.isEnough())) return this.giveBack(DISK_IS_FULL);
    if ("refused" in task) return await this.#fail(failed("refused", task.refused));
    const outcome = await encodeOffer(this.#parts, {
      offer,
      task,
      folder: this.#folder,
      signal: this.#abort.signal,
      onBegin: () => this.#enter("fetching"),
      onProgress: (progress) => this.#note(progress),
    });
    if (outcome.kind === "failed") return await this.#fail(outcome);
    if (outcome.kind === "measured") return await this.#deliverMeasurement(offer, outcome);
    this.#parts.store.keepResult(outcome.result);
    await this.#handOver(outcome.result);
  }

  #note({ frames, fps }: Progress): void {
    this.#frames = frames;
    this.#fps = fps;
    if (frames > 0 && this.#state === "fetching") this.#enter("encoding");
    else if (performance.now() - this.#reportedAtMs >= REPORT_AT_MOST_EVERY_MS) {
      this.report();
      this.#parts.onChange();
    }
  }

  async #handOver(result: FinishedResult): Promise<void> {
    this.#enter("uploading");
    const outcome = await uploadResult(this.#parts.upload, result, this.#abort.signal);
    if (outcome.kind === "stale") this.#parts.log.info("a finished segment is no longer wanted", { ...this.#about });
    if (outcome.kind === "failed") await this.#fail(failed("io", outcome.reason));
  }

  async #deliverMeasurement({ secret }: Offer, { bits, frames, seconds }: SegmentMeasured): Promise<void> {
    const message = { type: "attempt-measured", attemptId: this.id, secret, bits, frames, seconds } as const;
    await this.#parts.outbox.deliver(message, this.#abort.signal);
  }

  async #fail({ failure: kind, reason, isFull }: SegmentFailure): Promise<void> {
    if (isFull === true) {
      // The server must know of the full disk before it gets the segment back, or it offers it here again.
      this.#parts.diskSpace.noteFull(await bytesIn(this.#folder));
      this.#parts.onDiskFull();
    }
    this.#parts.log.warn("an attempt failed", { ...this.#about, kind, reason });
    const message = { type: "attempt-failed", attemptId: this.id, kind, reason } as const;
    await this.#parts.outbox.deliver(message, this.#abort.signal);
  }

  /** Tells the server what was thrown; nothing when it was stopped. */
  async #explain(thrown: unknown): Promise<void> {
    const { signal } = this.#abort;
    if (signal.aborted) return;
    if (isNoSpace(thrown)) {
      await this.#fail(full(String(thrown))).catch((again: unknown) => {
        if (!signal.aborted) throw again;
      });
      return;
    }
    const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    this.#parts.log.error("an attempt broke", { ...this.#about, reason });
    this.#send({ type: "attempt-failed", attemptId: this.id, kind: "io", reason: reason.slice(0, 1000) });
  }
}
