// Opens the coordinator on a work directory: loads the state, connects the engine, resumes running jobs, and answers the
// API. Everything from outside comes in through the options.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Environment } from "../../base/config/resolve-options.ts";
import { makeToken, readSecret, writeSecret } from "../../base/config/token-store.ts";
import type { Log } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";
import type { VerifyMode } from "../../media/model/proof.ts";
import { PROTOCOL_VERSION } from "../protocol/messages.ts";
import { isTerminal } from "../scheduler/model/job.ts";
import { ADMIN_TOKEN, JOIN_TOKEN, Tokens } from "./access/tokens.ts";
import { AuditFile, AuditLog } from "./audit-log.ts";
import { connectEngine } from "./connect-engine.ts";
import { accessCalls } from "./facade/access-calls.ts";
import { clientCalls } from "./facade/client-calls.ts";
import { frameCalls } from "./facade/frame-calls.ts";
import { intakeCalls } from "./facade/intake-calls.ts";
import { jobCalls } from "./facade/job-calls.ts";
import { transferCalls } from "./facade/transfer-calls.ts";
import type { JobDefaults } from "./intake/create-job.ts";
import { JobFolders } from "./job/job-folders.ts";
import type { JobRecord } from "./job/job-record.ts";
import type { JobRegistry } from "./job-registry.ts";
import { startMaintenance } from "./maintenance.ts";
import { metricCalls } from "./monitoring/metric-calls.ts";
import { Metrics } from "./monitoring/metrics.ts";
import type { OpenTraces } from "./monitoring/open-traces.ts";
import { placeNonce } from "./place-nonce.ts";
import type { Coordinator, LoadedState, Store } from "./ports.ts";
import { RemoteOutputs } from "./remote/remote-outputs.ts";
import { RemoteSources } from "./remote/remote-sources.ts";
import type { StoresFile } from "./remote/stores-file.ts";
import { Retention } from "./retention.ts";
import { AttemptSecrets } from "./transfers/attempt-secrets.ts";
import type { ResultReceiver } from "./transfers/result-receiver.ts";
import { SourceRegistry } from "./transfers/source-registry.ts";
import { SourceUploads } from "./transfers/source-uploads.ts";
import { SubtitleFiles } from "./transfers/subtitle-files.ts";
import type { PresetView, ServerInfoView } from "./views.ts";
import { openWebhooks } from "./webhooks/open-webhooks.ts";

export interface CoordinatorOptions {
  readonly workDir: string;
  readonly token: string;
  /** The admin's token is another from now on: it is kept for the next start, and for commands on this machine. */
  readonly keepAdminToken: (token: string) => Promise<void>;
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
  /** What the dashboard offers; the default: none. */
  readonly presets?: readonly PresetView[];
  /** Object stores and hosts that jobs may use. */
  readonly stores: StoresFile;
  readonly env: Environment;
  readonly maxSegmentSeconds: number | null;
  /** How long the files of finished jobs are kept; null: for ever. */
  readonly keepMs: number | null;
  /** Jobs that ended before this moment count as ended then; 0: their end counts. */
  readonly keepSinceMs: number;
  /** Webhooks that submitters give to their jobs may lead to any address. */
  readonly allowPrivateWebhooks: boolean;
  /** The collector's address; null: no traces. */
  readonly traces?: string | null;
  readonly tools: Tools;
  readonly log: Log;
  readonly clock: Clock;
  readonly store: Store;
  /** The state can no longer be stored; the process must end. */
  readonly onBroken: (cause: unknown) => void;
}

export interface OpenCoordinator extends Coordinator {
  /** Ends links and processes, finishes removals and closes the store; the next start resumes running jobs. */
  close(): Promise<void>;
}

export async function openCoordinator(options: CoordinatorOptions): Promise<OpenCoordinator> {
  const { tools, log, store, clock, workDir } = options;
  const folders = new JobFolders(workDir);
  await mkdir(folders.serverDir, { recursive: true });
  const nonce = await placeNonce(folders.serverDir);
  const sources = new SourceRegistry({ mediaRoots: options.mediaRoots, blockBytes: options.chunkBytes });
  const uploads = new SourceUploads(folders.uploads, sources);
  const remote = await openRemoteSources(options, folders, sources);
  const outputs = new RemoteOutputs({ places: remote.places, folders, log });
  const subtitleFiles = new SubtitleFiles(tools, folders);
  const { tokens, ...ownTokens } = await openTokens(options);
  const metrics = new Metrics(() => clock.monotonicMs());
  const collected = await startTraces(options.traces ?? null, log);
  const loaded = store.load();
  await uploads.restore(keptUploads(loaded.records));

  const hooks = openWebhooks({ store, clock, log });
  const secrets = await AttemptSecrets.open(folders.serverDir);
  const { engine, registry, kept, results, links, watchers, feed, stages, settled } = connectEngine({
    ...{ tools, log, clock, store, onBroken: options.onBroken, loaded, folders, nonce },
    ...{ subtitleFiles, secrets, tokens, remote, outputs, metrics, webhooks: hooks.webhooks },
    traces: collected?.traces ?? null,
    onDeliveries: () => hooks.wake(),
  });

  await resumeJobs(loaded, { folders, results, registry });
  engine.dispatch({ type: "restarted" });
  hooks.start((jobId) => registry.record(jobId)?.webhook);
  const retention = new Retention({
    folders,
    log,
    keepMs: options.keepMs,
    keepSinceMs: options.keepSinceMs,
    jobs: () => engine.state.jobs.values(),
    record: (jobId) => registry.record(jobId),
  });
  const stopMaintenance = startMaintenance({
    ...{ engine, registry, retention, kept, sources, uploads, results, tokens, clock, log },
  });
  const defaults = defaultsOf(options);
  const audit = new AuditLog({ store, file: new AuditFile(workDir), log });

  const intake = intakeCalls({
    ...{ tools, workDir, defaults, engine, store, registry, folders, sources, uploads, subtitleFiles },
    ...{ remote, outputs, allowPrivateWebhooks: options.allowPrivateWebhooks, kept },
  });
  const transfers = transferCalls({ registry, remote, subtitleFiles, results });
  const jobs = jobCalls({ engine, store, registry, folders, watchers, stages, subtitleFiles, remote });
  return {
    info: () => infoOf(options),
    presets: () => options.presets ?? [],
    ...intake,
    ...jobs,
    ...frameCalls({ tools, folders, registry, remote, output: jobs.output }),
    ...clientCalls({ engine, store, tokens, stages }),
    ...accessCalls({ tokens, engine, registry, sources, uploads, links, ...ownTokens }),
    ...hooks.calls,
    ...transfers,
    ...metricCalls({ ...intake, ...transfers }, metrics, () => engine.state),
    follow: (...asked) => feed.follow(...asked),
    openLink: (socket, who) => links.open(socket, who),
    audit: (entry) => audit.write(entry),
    auditEntries(limit, before) {
      audit.flush();
      return store.auditEntries(limit, before);
    },

    async close() {
      stopMaintenance();
      engine.stop();
      for (const work of registry.running.values()) work.stop();
      links.shutDown();
      watchers.stop();
      feed.stop();
      audit.close();
      await hooks.stop();
      metrics.stop();
      await collected?.close();
      await settled();
      await remote.close();
      await rm(nonce.noncePath, { force: true });
      store.close();
    },
  };
}

/** The tokens, and the server's own two as they are this time. */
async function openTokens({ store, clock, workDir, token: adminToken, keepAdminToken }: CoordinatorOptions) {
  const tokens = new Tokens(store, () => clock.nowIso());
  let joinToken = (await readSecret(workDir, "join-token")) ?? makeToken();
  const keepJoinToken = async (token: string) => {
    joinToken = token;
    await writeSecret(workDir, "join-token", token);
  };
  await keepJoinToken(joinToken);
  tokens.use(ADMIN_TOKEN, "admin", adminToken);
  tokens.use(JOIN_TOKEN, "enrol", joinToken);
  const keepOwnToken = { [ADMIN_TOKEN]: keepAdminToken, [JOIN_TOKEN]: keepJoinToken };
  return { tokens, keepOwnToken, joinToken: () => joinToken };
}

/** Its library is loaded only where there is a collector. */
async function startTraces(endpoint: string | null, log: Log): Promise<OpenTraces | null> {
  if (endpoint === null) return null;
  const { openTraces } = await import("./monitoring/open-traces.ts");
  return openTraces(endpoint, log);
}

async function openRemoteSources(
  { stores, env, log, chunkBytes }: CoordinatorOptions,
  folders: JobFolders,
  sources: SourceRegistry,
): Promise<RemoteSources> {
  const folder = join(folders.serverDir, "remote");
  return await RemoteSources.open({
    stores,
    env,
    folder,
    blockBytes: chunkBytes,
    uploads: folders.uploads,
    sources,
    log,
  });
}

function infoOf({ tools, ffmpegParams, fileNameOutput, requiredClients }: CoordinatorOptions): ServerInfoView {
  return {
    version: VERSION,
    protocol: PROTOCOL_VERSION,
    ffmpeg: tools.version,
    defaults: {
      ffmpeg_params: ffmpegParams,
      file_name_output: fileNameOutput ?? "<input stem>.ffcluster.mp4",
      required_clients: requiredClients,
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

/** Jobs of the server's last run: those that had not ended go on; failed ones keep their partial results for a retry. */
async function resumeJobs({ state, records }: LoadedState, { folders, results, registry }: Restored): Promise<void> {
  for (const job of state.jobs.values()) {
    const record = records.get(job.id);
    if (job.status === "Failed") await results.restore(job.id);
    if (record === undefined || isTerminal(job.status)) continue;
    await folders.make(job.id);
    await folders.sweep(job.id);
    await results.restore(job.id);
    registry.start(record);
  }
}

/** Uploads that belong to a job: running jobs need them, failed jobs keep them for a retry. */
function keptUploads(records: ReadonlyMap<string, JobRecord>): Set<string> {
  return new Set([...records.values()].map((record) => record.source.path));
}
