// Acts on the scheduler's effects. Each effect starts its work and returns at once; the result comes back as an input.
// Every effect may be performed twice.
import { rm } from "node:fs/promises";
import { assertNever } from "../../base/assert.ts";
import { toAppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";
import { keptRising } from "../../media/segment/rising-times.ts";
import type { Effect, FailedSegment } from "../scheduler/model/decision.ts";
import type { Segment } from "../scheduler/model/segment.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import type { ClientLinks } from "./client-links.ts";
import type { JobFolders } from "./job/job-folders.ts";
import type { JobRecord } from "./job/job-record.ts";
import type { KeptSources } from "./job/kept-sources.ts";
import type { RemoteReader } from "./job/remote-reader.ts";
import type { RunStep } from "./job/steps.ts";
import { Limit } from "./limit.ts";
import { finishJob } from "./pipeline/finish-job.ts";
import type { JobWork } from "./pipeline/job-work.ts";
import type { ProvenOutput } from "./pipeline/prove-output.ts";
import { checkByReference, checkSegment, dropSegmentFile, landedOf, taskOf } from "./pipeline/segment-checks.ts";
import type { RemoteOutputs } from "./remote/remote-outputs.ts";
import type { AttemptSecrets } from "./transfers/attempt-secrets.ts";
import { sourceOffer } from "./transfers/source-offer.ts";
import type { SubtitleFiles } from "./transfers/subtitle-files.ts";

/** In the smallest cluster checks and encodes share a machine. Two checks at a time keep up with any number of clients. */
const CHECKS_AT_A_TIME = 2;
/** Of a name in an offer. */
const LONGEST_NAME = 1000;

export interface EffectParts {
  readonly tools: Tools;
  readonly folders: JobFolders;
  readonly links: ClientLinks;
  readonly subtitleFiles: SubtitleFiles;
  readonly secrets: AttemptSecrets;
  readonly remote: RemoteReader;
  readonly outputs: RemoteOutputs;
  readonly kept: KeptSources;
  readonly log: Log;
  readonly runStep: RunStep;
  readonly running: ReadonlyMap<string, JobWork>;
  /** Of any job, including those that have ended. */
  readonly record: (jobId: string) => JobRecord | undefined;
  readonly state: () => SchedulerState;
  /** The job has ended: forget what only a running job needs. */
  readonly onReleased: (jobId: string) => void;
}

export class EffectPerformer {
  readonly #parts: EffectParts;
  readonly #checks = new Limit(CHECKS_AT_A_TIME);
  /** Removals under way. */
  readonly #detachedWork = new Set<Promise<void>>();

  constructor(parts: EffectParts) {
    this.#parts = parts;
  }

  perform(effect: Effect): void {
    const { links } = this.#parts;
    switch (effect.type) {
      case "start-index":
        return this.#inJob(effect.jobId, "indexing", (work) =>
          this.#parts.runStep(effect.jobId, "index", () => work.startIndex()),
        );
      case "start-audio":
        return this.#inJob(effect.jobId, "encoding the audio", async (work) => {
          await this.#parts.runStep(effect.jobId, "audio", () => work.source.encodeAudio());
          await work.source.lengths();
          work.dispatch({ type: "audio-finished", jobId: effect.jobId });
          await work.source.clock();
        });
      case "start-stitch":
        return this.#inJob(effect.jobId, "combining", async (work) => {
          const job = this.#parts.state().jobs.get(effect.jobId);
          if (job === undefined) return;
          const output = await finishJob(this.#parts, work, job);
          await this.#store(work, output);
          work.dispatch({ type: "stitch-finished", jobId: effect.jobId, output });
        });
      case "offer":
        // Only once a client works on the job: the sound of all jobs in the queue would fill the memory.
        this.#inJob(effect.attempt.jobId, "reading the source", (work) => work.source.prepare());
        return this.#inJob(effect.attempt.jobId, "offering a segment", (work) => this.#offer(work, effect));
      case "stop-attempt":
        links.send(effect.clientId, { type: "stop", attemptId: effect.attemptId, reason: effect.reason });
        return;
      case "verify":
        return this.#check(effect, checkSegment);
      case "reference":
        return this.#check(effect, checkByReference);
      case "look-for-change":
        return this.#inJob(effect.jobId, "looking for a change of pictures", (work) =>
          this.#lookForChange(work, effect),
        );
      case "drop-result":
        return this.#detached("dropping a result", () => dropSegmentFile(this.#parts.folders, effect));
      case "welcome":
        links.welcome(effect);
        return;
      case "pause-client":
        links.send(effect.clientId, { type: "pause", isPaused: effect.isPaused });
        return;
      case "release-job":
        return this.#detached("releasing a job", () => this.#release(effect.jobId, effect.status));
      case "close-client":
        links.close(effect.clientId, effect.reason, effect.reconnect);
        return;
      default:
        return assertNever(effect);
    }
  }

  #inJob(jobId: string, what: string, piece: (work: JobWork) => Promise<void>): void {
    const work = this.#parts.running.get(jobId);
    if (work === undefined) return; // the job has ended
    void work.guard(what, () => piece(work));
  }

  /** Resolves once nothing of an ended job is being removed any more: what then lies in its folder stays. */
  async settled(): Promise<void> {
    await Promise.all(this.#detachedWork);
  }

  /** Puts a proven output where its job wants it. */
  async #store(work: JobWork, { bytes, sha256 }: ProvenOutput): Promise<void> {
    const { destination, container } = work.record;
    if (destination === undefined) return;
    const file = { path: this.#parts.folders.outputFile(work.jobId, container), bytes, sha256 };
    const onProgress = (percent: number) =>
      work.setActivity(`storing the output at ${destination.shown}, ${percent} %`);
    onProgress(0);
    await this.#parts.outputs.store(work.jobId, destination, file, { signal: work.signal, onProgress });
    work.setActivity(null);
  }

  /** Work that no running job depends on: a failure is only logged. */
  #detached(what: string, piece: () => Promise<void>): void {
    const done = piece()
      .catch((thrown: unknown) => this.#parts.log.warn(`${what} failed`, { error: toAppError(thrown).message }))
      .finally(() => this.#detachedWork.delete(done));
    this.#detachedWork.add(done);
  }

  #segment(jobId: string, segmentIndex: number): Segment | undefined {
    return this.#parts.state().jobs.get(jobId)?.segments[segmentIndex];
  }

  async #offer(work: JobWork, { attempt, clientId, segment }: Extract<Effect, { type: "offer" }>): Promise<void> {
    const job = this.#parts.state().jobs.get(work.jobId);
    if (job === undefined) return;
    const index = await work.index.for(job, segment);
    const video = await work.video();
    const burnInFiles = await this.#parts.subtitleFiles.of(work);
    const planned = taskOf(work, job, segment, { ...attempt, info: video.info, index });
    const task = await keptRising(planned, index, () => work.pictures.whyWhole(planned));
    if (!this.#parts.state().attempts.has(attempt.id)) return; // the lease ended while the index was read again
    this.#parts.links.send(clientId, {
      type: "offer",
      attemptId: attempt.id,
      secret: this.#parts.secrets.of(attempt.id),
      jobId: job.id,
      segmentIndex: segment.index,
      fileName: job.fileName.slice(0, LONGEST_NAME),
      isBenchmark: attempt.isBenchmark,
      ...(attempt.isUrgent === true ? { isUrgent: true } : {}),
      ...(attempt.isFollowed === true ? { isFollowed: true } : {}),
      source: sourceOffer(video.source, work.record.blockBytes),
      ...(burnInFiles.length === 0 ? {} : { sideFiles: burnInFiles.map(({ bytes, sha256 }) => ({ bytes, sha256 })) }),
      task: { ...task },
    });
  }

  async #lookForChange(work: JobWork, failed: FailedSegment): Promise<void> {
    const job = this.#parts.state().jobs.get(work.jobId);
    const segment = this.#segment(failed.jobId, failed.segmentIndex);
    if (job === undefined || segment === undefined) return;
    const [index, { info }] = await Promise.all([work.index.for(job, segment), work.video()]);
    const task = taskOf(work, job, segment, { info, index, leadIn: segment.leadIn });
    const { jobId, segmentIndex, reason, error } = failed;
    const whyWhole = await work.pictures.whyWhole(task);
    work.dispatch({ type: "change-looked-for", jobId, segmentIndex, reason, error, whyWhole });
  }

  #check(
    where: { readonly jobId: string; readonly segmentIndex: number; readonly attemptId: string },
    check: typeof checkSegment,
  ): void {
    this.#inJob(where.jobId, "checking a segment", (work) =>
      this.#checks.run(async () => {
        const job = this.#parts.state().jobs.get(where.jobId);
        const segment = this.#awaited(where);
        if (job === undefined || segment === null || work.signal.aborted) return;
        try {
          work.dispatch(await check(this.#parts, { work, job, segment, landed: landedOf(segment) }));
        } catch (thrown) {
          // The segment was replaced by one over the whole video and its file removed: the check has nothing left to say.
          if (this.#awaited(where) !== null) throw thrown;
        }
      }),
    );
  }

  /** The segment, if it still waits for the check of this attempt. */
  #awaited(where: {
    readonly jobId: string;
    readonly segmentIndex: number;
    readonly attemptId: string;
  }): Segment | null {
    const segment = this.#segment(where.jobId, where.segmentIndex);
    if (segment?.phase.kind !== "verifying" && segment?.phase.kind !== "referencing") return null;
    return landedOf(segment).attemptId === where.attemptId ? segment : null;
  }

  /** Performed again after a restart: the server may have been killed between the end of the job and this. */
  async #release(jobId: string, status: "Completed" | "Failed" | "Cancelled"): Promise<void> {
    const { running, links, log } = this.#parts;
    const work = running.get(jobId);
    const began = performance.now();
    work?.stop();
    const source = this.#parts.record(jobId)?.source;
    if (source !== undefined)
      for (const sourceId of [source.sourceId, jobId]) links.sendAll({ type: "forget", sourceId });
    this.#parts.onReleased(jobId);
    await this.#removeFiles(jobId, status);
    if (work === undefined) return;
    // Work that was still running may have written files after that. If the job was retried meanwhile, they are its own.
    await work.ended();
    if (this.#parts.state().jobs.get(jobId)?.status === status && !running.has(jobId)) {
      await this.#removeFiles(jobId, status);
    }
    log.info("a job has ended: its processes are stopped and its temporary files removed", {
      job: jobId,
      status,
      ms: Math.round(performance.now() - began),
    });
  }

  async #removeFiles(jobId: string, status: "Completed" | "Failed" | "Cancelled"): Promise<void> {
    const { folders } = this.#parts;
    if (status !== "Completed") await this.#parts.outputs.abandon(jobId);
    if (status === "Cancelled") await folders.removeAll(jobId);
    if (status === "Completed") {
      await folders.removeIntermediates(jobId);
      await this.#parts.kept.release(jobId);
    }
    // A failed job keeps its finished segments and its source, so that `jobs retry` can continue.
    const source = this.#parts.record(jobId)?.source;
    // An uploaded source belongs to the server and is removed with its job; any other source is never touched.
    if (status === "Cancelled" && source?.kind === "uploaded") await rm(source.path, { force: true });
    if (source?.kind === "remote") await this.#parts.remote.forget(source, status !== "Failed");
  }
}
