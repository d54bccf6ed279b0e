// Opens the coordinator on a work directory: loads the state, joins the engine with its effects, links and desks, and
// answers the API. Everything it uses from outside comes in through the options.
import { createHash, timingSafeEqual } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { exists } from "../../base/files.ts";
import { resolveIdPrefix } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import type { Tools } from "../../media/tools.ts";
import type { Proof, VerifyMode } from "../../media/types.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { Verdict } from "../scheduler/model/decision.ts";
import type { Input } from "../scheduler/model/input.ts";
import type { Job } from "../scheduler/model/job.ts";
import { idleClients } from "../scheduler/views/idle.ts";
import { clientCalls } from "./client-calls.ts";
import { ClientLinks } from "./client-links.ts";
import { BlockReader } from "./desks/block-reader.ts";
import { ResultDesk } from "./desks/result-desk.ts";
import { SideDesk } from "./desks/side-desk.ts";
import { SourceDesk } from "./desks/source-desk.ts";
import { SpaceGuard } from "./desks/space-guard.ts";
import { KEEP_PARTIAL_MS, UploadDesk } from "./desks/upload-desk.ts";
import { Engine } from "./engine.ts";
import { checkRequest, type JobDefaults, prepareJob } from "./intake/create-job.ts";
import { lostSegments, requireSource } from "./intake/retry-job.ts";
import { JobFolders } from "./job/job-folders.ts";
import { isUnchanged, sourceChanged } from "./job/unchanged-source.ts";
import { jobView, passesText, segmentView } from "./job-views.ts";
import { JobWork, type JobWorkParts } from "./own-work/job-work.ts";
import { openVideoSource } from "./own-work/video-source.ts";
import { EffectPerformer } from "./perform-effects.ts";
import { placeNonce } from "./place-nonce.ts";
import type { Coordinator, JobRecord, SourceRecord, Store } from "./ports.ts";
import { requireOk } from "./require-ok.ts";
import { Retention } from "./retention.ts";
import type { JobView, SourceView } from "./views.ts";
import { Watchers } from "./watchers.ts";

const TICK_MS = 250;
const TIDY_EVERY_MS = 30_000;
const WATCH_SOURCES_EVERY_MS = 1000;
/** A source makes its job in the next breath of the same command; one that nobody asked for in an hour is left over. */
const UNTAKEN_MS = 60 * 60_000;

export interface CoordinatorOptions {
  readonly workDir: string;
  readonly token: string;
  readonly requiredClients: number;
  readonly benchmarkSeconds: number;
  readonly ffmpegParams: string;
  /** Null: `<input stem>.ffcluster.mp4`. */
  readonly fileNameOutput: string | null;
  readonly exactly: boolean;
  readonly verify: VerifyMode;
  readonly chunkBytes: number;
  readonly maxRetries: number;
  readonly retryDelayMs: number;
  readonly mediaRoots: readonly string[];
  readonly maxSegmentSeconds: number | null;
  /** How long the files of finished jobs stay; null: for ever. */
  readonly keepMs: number | null;
  readonly tools: Tools;
  readonly log: Log;
  readonly clock: Clock;
  readonly store: Store;
  /** State can no longer be kept; the process must end. */
  readonly onBroken: (cause: unknown) => void;
}

export interface OpenCoordinator extends Coordinator {
  /** Ends links and processes and closes the store; running jobs go on at the next start. */
  close(): Promise<void>;
}

export async function openCoordinator(options: CoordinatorOptions): Promise<OpenCoordinator> {
  const { tools, log, store } = options;
  const folders = new JobFolders(options.workDir);
  await mkdir(folders.serverDir, { recursive: true });
  const nonce = await placeNonce(folders.serverDir);
  const desk = new SourceDesk({
    mediaRoots: options.mediaRoots,
    blockBytes: options.chunkBytes,
  });
  const uploads = new UploadDesk(folders.uploads, desk);
  const blocks = new BlockReader();
  const space = new SpaceGuard();
  const sideDesk = new SideDesk(tools, folders);
  const loaded = store.load();
  const records = new Map<string, JobRecord>(loaded.records);
  const works = new Map<string, JobWork>();
  /** Clients may still fetch blocks of a source while its job is being created or has just ended. */
  const sourcesInUse = new Map<string, JobRecord>();
  await uploads.restore(keptUploads(records));

  const defaults: JobDefaults = {
    ffmpegParams: options.ffmpegParams,
    fileNameOutput: options.fileNameOutput,
    exactly: options.exactly,
    verify: options.verify,
    blockBytes: options.chunkBytes,
    settings: {
      requiredClients: options.requiredClients,
      benchmarkSeconds: options.benchmarkSeconds,
      maxRetries: options.maxRetries,
      retryDelayMs: options.retryDelayMs,
      maxSegmentSeconds: options.maxSegmentSeconds,
    },
  };

  const state = () => engine.state;
  const showJob = (job: Job, record: JobRecord): JobView =>
    jobView(engine.state, job, record, works.get(job.id)?.activity ?? null);
  const dispatch = (input: Input): Verdict => engine.dispatch(input);
  const results = new ResultDesk({ folders, state, dispatch, space });
  const links = new ClientLinks({ ...nonce, dispatch, log });
  const performer = new EffectPerformer({
    tools,
    folders,
    links,
    sideDesk,
    log,
    works,
    record: (jobId) => records.get(jobId),
    state,
    onReleased: (jobId) => {
      const record = records.get(jobId);
      works.delete(jobId);
      sideDesk.forget(jobId);
      if (record !== undefined) sourcesInUse.delete(record.source.sourceId);
    },
  });
  const watchers = new Watchers((jobId) => {
    const job = engine.state.jobs.get(jobId);
    const record = records.get(jobId);
    return job === undefined || record === undefined ? null : showJob(job, record);
  });
  const noticeWatchers = () => watchers.notice((jobId) => engine.state.jobs.get(jobId)?.status ?? null);
  const engine = new Engine(loaded.state, {
    store,
    clock: options.clock,
    log,
    perform: (effect) => performer.perform(effect),
    onCommitted: (next, events) => {
      for (const event of events)
        log.debug(event.type, { job: event.jobId, client: event.clientId, detail: event.detail });
      watchers.notice((jobId) => next.jobs.get(jobId)?.status ?? null);
    },
    onBroken: options.onBroken,
  });

  const takeUpload = async (jobId: string, upload: SourceRecord) => {
    try {
      await sideDesk.takeUpload(jobId, upload);
    } catch (thrown) {
      await folders.removeAll(jobId);
      throw thrown;
    }
  };
  const sideFiles = (record: JobRecord, signal: AbortSignal) => sideDesk.of(record, signal);
  const openVideo: JobWorkParts["openVideo"] = (record, tell, signal) =>
    openVideoSource({ tools, folder: folders.of(record.jobId), tell, signal }, record);
  const takeOn = (record: JobRecord) => {
    works.set(
      record.jobId,
      new JobWork(record, {
        ...{ tools, folder: folders.of(record.jobId), log, dispatch, sideFiles, openVideo },
        onActivity: noticeWatchers,
      }),
    );
    sourcesInUse.set(record.source.sourceId, record);
  };
  for (const job of loaded.state.jobs.values()) {
    const record = records.get(job.id);
    if (job.status === "Failed") await results.restore(job.id);
    if (record === undefined || isOver(job)) continue;
    await folders.make(job.id);
    await folders.sweep(job.id);
    await results.restore(job.id);
    takeOn(record);
  }
  dispatch({ type: "restarted" });
  const ticker = setInterval(() => dispatch({ type: "tick" }), TICK_MS);
  const watcher = setInterval(() => {
    for (const work of works.values()) {
      work.watchSource().catch((thrown: unknown) => {
        log.warn("a source could not be looked at", { error: toAppError(thrown).message });
      });
    }
  }, WATCH_SOURCES_EVERY_MS);
  const retention = new Retention({
    ...{ folders, log, keepMs: options.keepMs },
    jobs: () => engine.state.jobs.values(),
    record: (jobId) => records.get(jobId),
  });
  const tidy = () =>
    Promise.all([
      retention.sweep(Date.parse(options.clock.nowIso())),
      desk.expire(UNTAKEN_MS),
      uploads.expire(KEEP_PARTIAL_MS),
      results.sweep(),
    ]).catch((thrown: unknown) => log.warn("old files could not be removed", { error: toAppError(thrown).message }));
  void tidy();
  const tidier = setInterval(tidy, TIDY_EVERY_MS);

  const findJob = (id: string): { job: Job; record: JobRecord } => {
    const jobId = resolveIdPrefix(id, engine.state.jobs.keys(), "job");
    const job = engine.state.jobs.get(jobId);
    const record = records.get(jobId);
    if (job === undefined || record === undefined) throw new Error(`job ${jobId} has no record`);
    return { job, record };
  };
  const viewOf = (id: string): JobView => {
    const { job, record } = findJob(id);
    return showJob(job, record);
  };
  const tokenDigest = digestOf(options.token);

  return {
    info: () => ({
      version: VERSION,
      protocol: PROTOCOL_VERSION,
      ffmpeg: tools.version,
      defaults: {
        ffmpeg_params: options.ffmpegParams,
        file_name_output: options.fileNameOutput ?? "<input stem>.ffcluster.mp4",
        required_clients: options.requiredClients,
      },
    }),
    isTokenValid: (token) => timingSafeEqual(digestOf(token), tokenDigest),

    async beginUpload(wanted) {
      const { sourceId, offset } = await uploads.begin(wanted);
      return { source_id: sourceId, offset };
    },
    uploadState: (sourceId) => uploads.state(sourceId),
    async appendUpload(sourceId, append, sha256) {
      const { offset, source } = await uploads.append(sourceId, append, sha256);
      return { offset, isComplete: source !== null, source: source === null ? null : sourceView(source) };
    },
    challengeLocalSource: (path, bytes, mtimeMs) => desk.challenge(path, bytes, mtimeMs),
    proveLocalSource: async (challengeId, digests) => sourceView(await desk.prove(challengeId, digests)),
    openServerSource: async (path) => sourceView(await desk.openServerSource(path)),
    checkRequest: (ffmpegParams, outputName, inputName, hasSubtitles) => ({
      outputName: checkRequest(defaults, ffmpegParams, outputName, inputName, hasSubtitles).outputName,
    }),

    async createJob(asked) {
      const source = desk.get(asked.sourceId);
      const upload = typeof asked.subtitlesSourceId === "string" ? desk.get(asked.subtitlesSourceId) : null;
      desk.forget(source.sourceId); // before anything is waited for: a source makes one job
      try {
        await uploads.forget(source.sourceId);
        const { record, job } = await prepareJob(tools, defaults, asked, source, options.workDir);
        await folders.make(record.jobId);
        if (upload !== null) await takeUpload(record.jobId, upload);
        records.set(record.jobId, record);
        takeOn(record);
        engine.submit({ type: "job-submitted", job }, (next, events) => {
          const created = next.jobs.get(job.id);
          if (created === undefined) throw new Error(`job ${job.id} was not taken`);
          store.createJob(record, created, events);
        });
        return viewOf(record.jobId);
      } catch (thrown) {
        await desk.discard(source);
        throw thrown;
      } finally {
        if (upload !== null) await Promise.all([desk.discard(upload), uploads.forget(upload.sourceId)]);
      }
    },

    listJobs: (status) =>
      [...engine.state.jobs.values()]
        .filter((job) => status === null || job.status.toLowerCase() === status.toLowerCase())
        .map((job) => viewOf(job.id)),
    job: viewOf,
    jobDetail(id) {
      const { job, record } = findJob(id);
      return {
        ...showJob(job, record),
        ffmpeg_params: record.requestText,
        idle_clients: idleClients(engine.state, job).map(({ client, reason }) => {
          return { client_id: client.id, name: client.name, reason };
        }),
        split: `${job.split.mode === "whole" ? `one segment: ${job.split.reason}` : "on key frames"}${passesText(job)}`,
        segment_list: job.segments.map((segment) => segmentView(engine.state, segment)),
        attempts: store.attempts(job.id),
        events: store.jobEvents(job.id, 0),
      };
    },
    async cancelJob(id) {
      const { job } = findJob(id);
      requireOk(dispatch({ type: "cancel-requested", jobId: job.id }));
      return viewOf(job.id);
    },
    async retryJob(id) {
      const { job, record } = findJob(id);
      if (job.status !== "Failed" && job.status !== "Cancelled") {
        requireOk(dispatch({ type: "retry-requested", jobId: job.id, lost: [] }));
      }
      await requireSource(record);
      await folders.make(job.id);
      const lost = await lostSegments(folders, job);
      if (!works.has(job.id)) takeOn(record);
      requireOk(dispatch({ type: "retry-requested", jobId: job.id, lost }));
      return viewOf(job.id);
    },
    jobEvents: (id, afterSeq) => store.jobEvents(findJob(id).job.id, afterSeq),
    watchJob: (id, listener) => watchers.watch(findJob(id).job.id, listener),
    async proof(id) {
      const { job } = findJob(id);
      const path = folders.of(job.id).proof;
      if (!(await exists(path))) throw notYet(job, "proof");
      return JSON.parse(await readFile(path, "utf8")) as Proof;
    },
    async output(id) {
      const { job } = findJob(id);
      if (job.output === null || job.status !== "Completed") throw notYet(job, "output");
      const { record } = findJob(id);
      const path = folders.outputFile(job.id, record.container);
      if (!(await exists(path))) {
        throw new AppError(
          "E_NOT_FOUND",
          `the output of job ${job.id} is no longer on the server`,
          "Submit the source again.",
        );
      }
      return { path, name: job.output.name, bytes: job.output.bytes, sha256: job.output.sha256 };
    },

    ...clientCalls({ engine, store }),

    async sourceBlock(sourceId, block) {
      // A remuxed video goes by its job's id.
      const remuxed = works.get(sourceId);
      const record = remuxed?.record ?? sourcesInUse.get(sourceId);
      if (record === undefined)
        throw new AppError("E_UNKNOWN_ID", `no source ${sourceId} is in use`, "Its job has ended.");
      const { blockBytes } = record;
      const source = remuxed === undefined ? record.source : (await remuxed.video()).source;
      if (!(await isUnchanged(source))) throw sourceChanged(source);
      return await blocks.read({ sourceId, path: source.path, bytes: source.bytes, blockBytes }, block);
    },
    async sideFile(jobId, number) {
      const work = works.get(jobId);
      const file = work === undefined ? undefined : (await sideDesk.of(work.record, work.signal))[number];
      if (file === undefined)
        throw new AppError("E_UNKNOWN_ID", `job ${jobId} needs no such file`, "It may have ended.");
      return file;
    },
    resultState: (attemptId, report) => results.state(attemptId, report),
    appendResult: (attemptId, report, append) => results.append(attemptId, report, append),
    openLink: (socket) => links.open(socket),

    async close() {
      clearInterval(ticker);
      clearInterval(tidier);
      clearInterval(watcher);
      engine.stop();
      for (const work of works.values()) work.stop();
      links.shutDown();
      watchers.stop();
      await rm(nonce.noncePath, { force: true });
      store.close();
    },
  };
}

function isOver(job: Job): boolean {
  return job.status === "Completed" || job.status === "Failed" || job.status === "Cancelled";
}

/** Uploads that belong to a job: running ones need them, failed ones keep them. */
function keptUploads(records: ReadonlyMap<string, JobRecord>): Set<string> {
  return new Set([...records.values()].map((record) => record.source.path));
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function sourceView(source: SourceRecord): SourceView {
  return { source_id: source.sourceId, name: source.name, bytes: source.bytes };
}

function notYet(job: Job, what: "proof" | "output"): AppError {
  const hint = isOver(job) ? "`ffcluster jobs show` says why." : "`ffcluster jobs watch` waits for its end.";
  return new AppError("E_WRONG_STATE", `job ${job.id} is ${job.status} and has no ${what}`, hint);
}
