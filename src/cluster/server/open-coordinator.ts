// Opens the coordinator on a work directory: loads the state, joins the engine with its effects, links and transfers, goes on
// with what was running, and answers the API. Everything it uses from outside comes in through the options.
import { createHash, timingSafeEqual } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";
import type { VerifyMode } from "../../media/model/proof.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import type { Verdict } from "../scheduler/model/decision.ts";
import type { Input } from "../scheduler/model/input.ts";
import { isTerminal } from "../scheduler/model/state-changes.ts";
import { ClientLinks } from "./client-links.ts";
import { Engine } from "./engine.ts";
import { clientCalls } from "./facade/client-calls.ts";
import { intakeCalls } from "./facade/intake-calls.ts";
import { jobCalls } from "./facade/job-calls.ts";
import { transferCalls } from "./facade/transfer-calls.ts";
import type { JobDefaults } from "./intake/create-job.ts";
import { JobFolders } from "./job/job-folders.ts";
import { JobRegistry } from "./job-registry.ts";
import { startMaintenance } from "./maintenance.ts";
import { EffectPerformer } from "./perform-effects.ts";
import type { JobWorkParts } from "./pipeline/job-work.ts";
import { openVideoSource } from "./pipeline/video-source.ts";
import { placeNonce } from "./place-nonce.ts";
import type { Coordinator, JobRecord, LoadedState, Store } from "./ports.ts";
import { Retention } from "./retention.ts";
import { ResultReceiver } from "./transfers/result-receiver.ts";
import { SourceRegistry } from "./transfers/source-registry.ts";
import { SourceUploads } from "./transfers/source-uploads.ts";
import { SpaceGuard } from "./transfers/space-guard.ts";
import { SubtitleFiles } from "./transfers/subtitle-files.ts";
import { Watchers } from "./watchers.ts";

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
  const { tools, log, store, clock, workDir } = options;
  const folders = new JobFolders(workDir);
  await mkdir(folders.serverDir, { recursive: true });
  const nonce = await placeNonce(folders.serverDir);
  const sources = new SourceRegistry({ mediaRoots: options.mediaRoots, blockBytes: options.chunkBytes });
  const uploads = new SourceUploads(folders.uploads, sources);
  const subtitleFiles = new SubtitleFiles(tools, folders);
  const loaded = store.load();
  await uploads.restore(keptUploads(loaded.records));

  const state = () => engine.state;
  const dispatch = (input: Input): Verdict => engine.dispatch(input);
  const statusOf = (jobId: string) => engine.state.jobs.get(jobId)?.status ?? null;
  const results = new ResultReceiver({ folders, state, dispatch, space: new SpaceGuard() });
  const links = new ClientLinks({ ...nonce, dispatch, log });
  const workParts = (record: JobRecord): JobWorkParts => ({
    tools,
    folder: folders.of(record.jobId),
    log,
    dispatch,
    sideFiles: (of, signal) => subtitleFiles.of(of, signal),
    openVideo: (of, tell, signal) => openVideoSource({ tools, folder: folders.of(of.jobId), tell, signal }, of),
    onActivity: () => watchers.notice(statusOf),
  });
  const registry = new JobRegistry({ records: loaded.records, state, workParts });
  const watchers = new Watchers((jobId) => registry.viewIfThere(jobId));
  const performer = new EffectPerformer({
    tools,
    folders,
    links,
    subtitleFiles,
    log,
    state,
    works: registry.works,
    record: (jobId) => registry.record(jobId),
    onReleased: (jobId) => {
      subtitleFiles.forget(jobId);
      registry.release(jobId);
    },
  });
  const engine = new Engine(loaded.state, {
    store,
    clock,
    log,
    onBroken: options.onBroken,
    perform: (effect) => performer.perform(effect),
    onCommitted: (_next, events) => {
      for (const event of events)
        log.debug(event.type, { job: event.jobId, client: event.clientId, detail: event.detail });
      watchers.notice(statusOf);
    },
  });

  await takeUpAgain(loaded, { folders, results, registry });
  dispatch({ type: "restarted" });
  const retention = new Retention({
    folders,
    log,
    keepMs: options.keepMs,
    jobs: () => engine.state.jobs.values(),
    record: (jobId) => registry.record(jobId),
  });
  const stopMaintenance = startMaintenance({ engine, registry, retention, sources, uploads, results, clock, log });
  const tokenDigest = digestOf(options.token);
  const defaults = defaultsOf(options);

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
    ...intakeCalls({ tools, workDir, defaults, engine, store, registry, folders, sources, uploads, subtitleFiles }),
    ...jobCalls({ engine, store, registry, folders, watchers }),
    ...clientCalls({ engine, store }),
    ...transferCalls({ registry, subtitleFiles, results }),
    openLink: (socket) => links.open(socket),

    async close() {
      stopMaintenance();
      engine.stop();
      for (const work of registry.works.values()) work.stop();
      links.shutDown();
      watchers.stop();
      await rm(nonce.noncePath, { force: true });
      store.close();
    },
  };
}

function defaultsOf(options: CoordinatorOptions): JobDefaults {
  const { requiredClients, benchmarkSeconds, maxRetries, retryDelayMs, maxSegmentSeconds } = options;
  return {
    ffmpegParams: options.ffmpegParams,
    fileNameOutput: options.fileNameOutput,
    exactly: options.exactly,
    verify: options.verify,
    blockBytes: options.chunkBytes,
    settings: { requiredClients, benchmarkSeconds, maxRetries, retryDelayMs, maxSegmentSeconds },
  };
}

interface Restored {
  readonly folders: JobFolders;
  readonly results: ResultReceiver;
  readonly registry: JobRegistry;
}

/** The jobs of the server's last run: those that were not over go on, failed ones keep what came in for a retry. */
async function takeUpAgain({ state, records }: LoadedState, { folders, results, registry }: Restored): Promise<void> {
  for (const job of state.jobs.values()) {
    const record = records.get(job.id);
    if (job.status === "Failed") await results.restore(job.id);
    if (record === undefined || isTerminal(job.status)) continue;
    await folders.make(job.id);
    await folders.sweep(job.id);
    await results.restore(job.id);
    registry.takeOn(record);
  }
}

/** Uploads that belong to a job: running ones need them, failed ones keep them. */
function keptUploads(records: ReadonlyMap<string, JobRecord>): Set<string> {
  return new Set([...records.values()].map((record) => record.source.path));
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
