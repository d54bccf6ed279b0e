// The part of the façade that accepts work: sources, uploaded or read in place, and the jobs made of them.

import { AppError } from "../../../base/errors.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { codecOfEncoder } from "../../../media/request/tables/encoders.ts";
import type { Principal } from "../../protocol/roles.ts";
import { isTerminal } from "../../scheduler/model/job.ts";
import { ORDINARY_PRIORITY } from "../../scheduler/model/queue-place.ts";
import type { Engine } from "../engine.ts";
import { checkRequest } from "../intake/check-request.ts";
import { type JobDefaults, prepareJob } from "../intake/create-job.ts";
import type { JobRequest } from "../intake/job-request.ts";
import { previewSource } from "../intake/source-preview.ts";
import { holdSource } from "../job/held-source.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { Idempotency, SourceRecord } from "../job/job-record.ts";
import type { KeptSources } from "../job/kept-sources.ts";
import type { JobRegistry } from "../job-registry.ts";
import { Limit } from "../limit.ts";
import type { Coordinator, Store } from "../ports.ts";
import type { RemoteOutputs } from "../remote/remote-outputs.ts";
import type { RemoteSources } from "../remote/remote-sources.ts";
import type { SourceRegistry } from "../transfers/source-registry.ts";
import { KEEP_PARTIAL_MS, type SourceUploads } from "../transfers/source-uploads.ts";
import type { SubtitleFiles } from "../transfers/subtitle-files.ts";
import type { JobView, SourceView } from "../views.ts";
import { jobWebhookOf } from "../webhooks/webhooks.ts";
import { JobPlaces } from "./job-places.ts";
import { KeyedJobs } from "./keyed-jobs.ts";

type IntakeCalls = Pick<
  Coordinator,
  | "beginUpload"
  | "beginUploadOnce"
  | "uploadState"
  | "removeUpload"
  | "appendUpload"
  | "challengeLocalSource"
  | "proveLocalSource"
  | "openServerSource"
  | "checkRequest"
  | "previewSource"
  | "createJob"
  | "createJobOnce"
>;

export interface IntakeCallsParts {
  readonly tools: Tools;
  readonly workDir: string;
  readonly defaults: JobDefaults;
  readonly engine: Engine;
  readonly store: Store;
  readonly registry: JobRegistry;
  readonly folders: JobFolders;
  readonly sources: SourceRegistry;
  readonly uploads: SourceUploads;
  readonly subtitleFiles: SubtitleFiles;
  /** Webhooks that submitters give may lead to any address. */
  readonly allowPrivateWebhooks: boolean;
  readonly remote: RemoteSources;
  readonly outputs: RemoteOutputs;
  readonly kept: KeptSources;
}

/** Each runs a few ffmpegs over the source; more at a time only share the machine. */
const PROBES_AT_A_TIME = 4;
const MOST_WAITING = 100;
/** That have not ended. */
const MOST_JOBS = 1000;

/** Errors: E_BUSY. */
export function requireRoomForJob({ state }: Pick<Engine, "state">, probes: Pick<Limit, "waiting">): void {
  let open = 0;
  for (const { status } of state.jobs.values()) if (!isTerminal(status)) open += 1;
  if (open < MOST_JOBS && probes.waiting < MOST_WAITING) return;
  const what = open < MOST_JOBS ? `${MOST_WAITING} sources wait to be looked at` : `${MOST_JOBS} jobs have not ended`;
  throw new AppError("E_BUSY", `the server takes no more jobs now: ${what}`, "Try again later.", { retry: true });
}

export function intakeCalls(parts: IntakeCallsParts): IntakeCalls {
  const { tools, workDir, defaults, engine, store, registry, folders, sources, uploads, subtitleFiles, remote } = parts;

  const probes = new Limit(PROBES_AT_A_TIME);

  const takeUpload = async (jobId: string, upload: SourceRecord) => {
    try {
      await subtitleFiles.takeUpload(jobId, upload);
    } catch (thrown) {
      await folders.removeAll(jobId);
      throw thrown;
    }
  };

  const places = new JobPlaces({ sources, remote, outputs: parts.outputs, probes });
  const createJob = async (asked: JobRequest, who: Principal, idempotency?: Idempotency): Promise<JobView> => {
    requireRoomForJob(engine, probes);
    const mayLeadAnywhere = who.role === "admin" || parts.allowPrivateWebhooks;
    const webhook = asked.webhook ? jobWebhookOf(asked.webhook, mayLeadAnywhere) : null;
    const upload = typeof asked.subtitlesSourceId === "string" ? sources.getOf(who, asked.subtitlesSourceId) : null;
    const { source, about, asked: named } = await places.take(asked, who);
    try {
      await uploads.forget(source.sourceId);
      const { record: prepared, job } = await probes.run(() =>
        prepareJob(tools, defaults, named, source, {
          workDir,
          clients: () => engine.state.clients.values(),
          remote,
          makeRoom: (bytes) => parts.kept.makeRoom(bytes),
        }),
      );
      who.ended.throwIfAborted(); // looking at the source may have taken minutes
      const owner = { tokenId: who.tokenId, name: who.name };
      const more = { ...(idempotency === undefined ? {} : { idempotency }), ...(webhook === null ? {} : { webhook }) };
      const record = { ...prepared, owner, ...about, ...more };
      await folders.make(record.jobId);
      if (record.source.path !== source.path) await places.discard(source);
      if (upload !== null) await takeUpload(record.jobId, upload);
      registry.start(record);
      const queue = { priority: asked.priority ?? ORDINARY_PRIORITY, owner: who.tokenId };
      engine.submit({ type: "job-submitted", job: { ...job, queue } }, (next, events, deliveries) => {
        const created = next.jobs.get(job.id);
        if (created === undefined) throw new Error(`job ${job.id} was not created`);
        store.createJob(record, created, events, deliveries);
      });
      return registry.view(record.jobId);
    } catch (thrown) {
      await places.discard(source);
      throw thrown;
    } finally {
      if (upload !== null) await Promise.all([sources.discard(upload), uploads.forget(upload.sourceId)]);
    }
  };
  const keyed = new KeyedJobs(registry);

  return {
    ...beginCalls(parts),
    uploadState: (sourceId) => uploads.state(sourceId),
    removeUpload: (sourceId) => uploads.remove(sourceId),
    async appendUpload(sourceId, append, sha256) {
      const { offset, source } = await uploads.append(sourceId, append, sha256);
      if (source !== null) return { offset, isComplete: true, source: sourceView(source), keptUntil: null };
      return { offset, isComplete: false, source, keptUntil: new Date(Date.now() + KEEP_PARTIAL_MS) };
    },
    async challengeLocalSource(path, bytes, mtimeMs) {
      const { challengeId, ranges } = await sources.challenge(path, bytes, mtimeMs);
      return { challenge_id: challengeId, ranges };
    },
    proveLocalSource: async (challengeId, digests, who) =>
      sourceView(await sources.prove(challengeId, digests, who.tokenId)),
    openServerSource: async (path, who) => sourceView(await sources.openServerSource(path, who.tokenId)),
    checkRequest: (ffmpegParams, outputName, inputName, hasSubtitles) => {
      const checked = checkRequest(defaults, ffmpegParams, outputName, inputName, hasSubtitles);
      return { outputName: checked.outputName, videoCodec: codecOfEncoder(checked.request.video.encoder) };
    },
    async previewSource(sourceId, ffmpegParams, signal) {
      if (probes.waiting >= MOST_WAITING)
        throw new AppError("E_BUSY", "many sources are looked at", "Try again later.");
      return await probes.run(async () => {
        const part = uploads.arrived(sourceId);
        if (part !== null) return await previewSource(tools, defaults, part, ffmpegParams, signal);
        const source = sources.get(sourceId);
        // What its name leads to may be another file by now.
        await using held = await holdSource({ tools, remote }, source, defaults.blockBytes);
        const file = { name: source.name, path: held.path, isWhole: true };
        return await previewSource(tools, defaults, file, ffmpegParams, signal);
      });
    },

    createJob: (asked, who) => createJob(asked, who),
    createJobOnce: (asked, who, idempotency) => keyed.make(who, idempotency, () => createJob(asked, who, idempotency)),
  };
}

function beginCalls({ kept, uploads }: IntakeCallsParts): Pick<IntakeCalls, "beginUpload" | "beginUploadOnce"> {
  return {
    async beginUpload(wanted, who) {
      await kept.makeRoom(wanted.bytes);
      const { sourceId, offset } = await uploads.begin({ ...wanted, owner: who.tokenId });
      return { source_id: sourceId, offset };
    },
    async beginUploadOnce(wanted, who, once) {
      await kept.makeRoom(wanted.bytes);
      const { isNew, sourceId, offset } = await uploads.beginOnce({ ...wanted, owner: who.tokenId, once });
      return { upload: { source_id: sourceId, offset }, isNew };
    },
  };
}

function sourceView(source: SourceRecord): SourceView {
  return { source_id: source.sourceId, name: source.name, bytes: source.bytes };
}
