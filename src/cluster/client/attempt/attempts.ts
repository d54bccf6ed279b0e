// The attempts this client holds, each from its offer to its end: queued, encoding on a slot, uploading beside the
// next encode. Tells the server each second how each one stands.
import { dirname } from "node:path";
import { delay } from "../../../base/clock.ts";
import { AppError } from "../../../base/errors.ts";
import { removeTree } from "../../../base/files.ts";
import type { Log } from "../../../base/log.ts";
import { isNoSpace } from "../../../base/no-space.ts";
import type { SegmentTask } from "../../../media/model/segment.ts";
import type { AttemptStage, Offer, SourceOffer } from "../../protocol/messages.ts";
import { bytesIn, type Room } from "../disk-space.ts";
import type { SourceGateway } from "../gateway/source-gateway.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ClientStore, FinishedResult } from "../ports.ts";
import type { Work } from "../slots/cpu-slots.ts";
import type { EncodePlaces } from "../slots/encode-places.ts";
import type { SideFiles, SideFilesHandle } from "./burn-in-files.ts";
import { inSomePlace } from "./device-failover.ts";
import {
  checkTask,
  failed,
  full,
  runSegment,
  type SegmentFailure,
  type SegmentMeasured,
  type SegmentOutcome,
  type SegmentParts,
  segmentFolder,
} from "./segment-runner.ts";
import type { SourceAccess } from "./source-access.ts";
import { type UploadParts, uploadResult } from "./upload-result.ts";

const REPORT_EVERY_MS = 1000;
/** News is told at once, but not more often than this. */
const REPORT_AT_MOST_EVERY_MS = 500;

export interface AttemptsParts {
  readonly identityFolder: string;
  readonly outbox: Outbox;
  readonly store: ClientStore;
  readonly gateway: SourceGateway;
  readonly sideFiles: SideFiles;
  readonly places: EncodePlaces;
  readonly room: Room;
  readonly segment: SegmentParts;
  readonly upload: UploadParts;
  readonly log: Log;
  accessTo(source: SourceOffer): Promise<SourceAccess>;
  /** Called whenever an attempt begins, changes its stage or ends. */
  onChange(): void;
}

export interface Attempts {
  offer(offer: Offer): void;
  /** A finished result from before this process started. */
  resume(result: FinishedResult): void;
  /** Ends an attempt for good: ffmpeg within two seconds, its folder gone. */
  stop(attemptId: string): void;
  held(): string[];
  /**
   * On the way out: takes nothing more, gives back what would take longer than this, and waits for the others.
   */
  finishSoon(withinMs: number): Promise<void>;
  /** How many attempts are in each stage. */
  counts(): Record<AttemptStage, number>;
  /** Ends all; with `keepFinished` those that only wait for the server stay on disk for the next start. */
  stopAll(options: { readonly keepFinished: boolean }): Promise<void>;
}

interface Attempt {
  readonly id: string;
  readonly abort: AbortController;
  stage: AttemptStage;
  frames: number;
  /** Frames that it will have; null when unknown. */
  expectedFrames: number | null;
  fps: number;
  reportedAtMs: number;
  isFinished: boolean;
  keepOnDisk: boolean;
  done: Promise<void>;
}

export function createAttempts(parts: AttemptsParts): Attempts {
  const { store, outbox, log } = parts;
  const live = new Map<string, Attempt>();
  let takesOffers = true;

  /** It ends here, and goes to another client at once. */
  const giveBack = (attempt: Attempt, reason: string) => {
    outbox.send({ type: "attempt-failed", attemptId: attempt.id, kind: "stopped", reason });
    attempt.abort.abort(new Error(reason));
  };

  const report = (attempt: Attempt) => {
    attempt.reportedAtMs = performance.now();
    const { id: attemptId, stage, frames, fps } = attempt;
    outbox.send({ type: "progress", attemptId, stage, frames, fps });
  };
  const ticker = setInterval(() => {
    for (const attempt of live.values()) report(attempt);
  }, REPORT_EVERY_MS);
  const enter = (attempt: Attempt, stage: AttemptStage) => {
    attempt.stage = stage;
    report(attempt);
    parts.onChange();
  };

  const leaseBeside = async (offer: Offer, signal: AbortSignal): Promise<SideFilesHandle | SegmentFailure> => {
    try {
      return await parts.sideFiles.open(offer, signal);
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      return failed("source", thrown.message);
    }
  };

  const encode = async (attempt: Attempt, offer: Offer, task: SegmentTask, folder: string): Promise<SegmentOutcome> => {
    const { signal } = attempt.abort;
    const access = await parts.accessTo(offer.source);
    const lease = parts.gateway.open(offer.source);
    const beside = await leaseBeside(offer, signal);
    if ("kind" in beside) {
      lease.release();
      return beside;
    }
    try {
      if (access.kind === "gateway" && task.byteRange) lease.prefetch(task.byteRange);
      const places = { places: parts.places, log, attemptId: attempt.id, signal };
      return await inSomePlace(places, workOf(offer, task), ({ device, threads, made }) => {
        enter(attempt, "fetching");
        return runSegment(parts.segment, {
          offer,
          task,
          device,
          threads,
          access,
          sourceHandle: lease,
          folder,
          signal,
          sideFiles: beside.paths,
          onProgress({ frames, fps }) {
            attempt.frames = frames;
            attempt.fps = fps;
            made(frames);
            if (frames > 0 && attempt.stage === "fetching") enter(attempt, "encoding");
            else if (performance.now() - attempt.reportedAtMs >= REPORT_AT_MOST_EVERY_MS) report(attempt);
          },
        });
      });
    } finally {
      lease.release();
      beside.release();
    }
  };

  const handOver = async (attempt: Attempt, result: FinishedResult): Promise<void> => {
    attempt.isFinished = true;
    enter(attempt, "uploading");
    const outcome = await uploadResult(parts.upload, result, attempt.abort.signal);
    if (outcome.kind === "stale") log.info("a finished segment is no longer wanted", { attempt: attempt.id });
    if (outcome.kind === "failed") await fail(attempt, failed("io", outcome.reason));
  };

  /** Told before the attempt is given back, or it would come straight back here. */
  const noteFull = async (attempt: Attempt): Promise<void> => {
    parts.room.ranFull(await bytesIn(segmentFolder(parts.identityFolder, attempt.id)));
    for (const other of live.values()) if (other.stage === "queued") giveBack(other, "no room on its disk");
  };

  const fail = async (attempt: Attempt, outcome: SegmentFailure): Promise<void> => {
    if (outcome.isFull === true) await noteFull(attempt);
    log.warn("an attempt failed", { attempt: attempt.id, kind: outcome.failure, reason: outcome.reason });
    const message = { attemptId: attempt.id, kind: outcome.failure, reason: outcome.reason };
    await outbox.deliver({ type: "attempt-failed", ...message }, attempt.abort.signal);
  };

  const tell = async (attempt: Attempt, { bits, frames, seconds }: SegmentMeasured): Promise<void> => {
    const message = { attemptId: attempt.id, bits, frames, seconds };
    await outbox.deliver({ type: "attempt-measured", ...message }, attempt.abort.signal);
  };

  const carryOut = async (attempt: Attempt, offer: Offer, folder: string): Promise<void> => {
    const task = checkTask(offer);
    if (!("refused" in task)) attempt.expectedFrames = task.expectedFrames;
    if (!(await parts.room.suffices())) return giveBack(attempt, "no room on its disk");
    const outcome = "refused" in task ? failed("refused", task.refused) : await encode(attempt, offer, task, folder);
    if (outcome.kind === "failed") return await fail(attempt, outcome);
    if (outcome.kind === "measured") return await tell(attempt, outcome);
    store.keepResult(outcome.result);
    await handOver(attempt, outcome.result);
  };

  /** Runs one attempt to its end and cleans up after it, however it ends. */
  const begin = (id: string, folder: string, work: (attempt: Attempt) => Promise<void>) => {
    if (live.has(id)) return; // told twice
    const attempt: Attempt = {
      id,
      abort: new AbortController(),
      stage: "queued",
      frames: 0,
      expectedFrames: null,
      fps: 0,
      reportedAtMs: 0,
      isFinished: false,
      keepOnDisk: false,
      done: Promise.resolve(),
    };
    live.set(id, attempt);
    attempt.done = (async () => {
      try {
        report(attempt);
        await work(attempt);
      } catch (thrown) {
        if (!attempt.abort.signal.aborted && isNoSpace(thrown)) {
          await fail(attempt, full(String(thrown)));
        } else if (!attempt.abort.signal.aborted) {
          const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
          log.error("an attempt broke", { attempt: id, reason });
          outbox.send({ type: "attempt-failed", attemptId: id, kind: "io", reason: reason.slice(0, 1000) });
        }
      }
      live.delete(id);
      if (!attempt.keepOnDisk) {
        store.forgetResult(id);
        await removeTree(folder);
      }
      parts.onChange();
    })();
    attempt.done.catch((thrown) =>
      log.error("an attempt left its folder behind", { attempt: id, error: String(thrown) }),
    );
    parts.onChange();
  };

  return {
    offer(offer) {
      if (!takesOffers) {
        const { attemptId } = offer;
        outbox.send({ type: "attempt-failed", attemptId, kind: "stopped", reason: "the client stops" });
        return;
      }
      const folder = segmentFolder(parts.identityFolder, offer.attemptId);
      begin(offer.attemptId, folder, (attempt) => carryOut(attempt, offer, folder));
    },
    resume(result) {
      begin(result.attemptId, dirname(result.path), (attempt) => handOver(attempt, result));
    },
    stop(attemptId) {
      const attempt = live.get(attemptId);
      if (attempt === undefined) return;
      const { stage } = attempt;
      const began = performance.now();
      attempt.abort.abort(new Error("stopped by the server"));
      const tell = () => log.info("an attempt was stopped", { attempt: attemptId, stage, ms: since(began) });
      attempt.done.then(tell, () => undefined); // what went wrong is told where it began
    },
    held: () => [...live.keys()],
    async finishSoon(withinMs) {
      takesOffers = false;
      const soon: Promise<void>[] = [];
      for (const attempt of live.values()) {
        const isStopped = parts.segment.pausable.isPaused() && attempt.stage !== "uploading";
        if (!isStopped && remainingMs(attempt) <= withinMs) soon.push(attempt.done);
        else giveBack(attempt, "the client stops");
      }
      const late = new AbortController();
      await Promise.race([Promise.allSettled(soon), delay(withinMs, late.signal)]);
      late.abort();
    },
    counts() {
      const counts = { queued: 0, fetching: 0, encoding: 0, uploading: 0 };
      for (const attempt of live.values()) counts[attempt.stage] += 1;
      return counts;
    },
    async stopAll({ keepFinished }) {
      clearInterval(ticker);
      const all = [...live.values()];
      for (const attempt of all) {
        attempt.keepOnDisk = keepFinished && attempt.isFinished;
        attempt.abort.abort(new Error("this client stops"));
      }
      await Promise.allSettled(all.map((attempt) => attempt.done));
    },
  };
}

function workOf({ jobId }: Offer, { request, rate, video }: SegmentTask): Work {
  const { encoder, preset } = request.video;
  return { jobId, pass: rate?.pass ?? "only", encoder, preset, width: video.width, height: video.height };
}

function since(began: number): number {
  return Math.round(performance.now() - began);
}

/** Until it is encoded, by its own speed; what is only to be handed over takes next to nothing. */
function remainingMs({ stage, frames, expectedFrames, fps }: Attempt): number {
  if (stage === "uploading") return 0;
  if (stage !== "encoding" || expectedFrames === null || fps <= 0) return Number.POSITIVE_INFINITY;
  return (1000 * Math.max(0, expectedFrames - frames)) / fps;
}
