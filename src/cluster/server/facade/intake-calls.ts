// The part of the façade that accepts work: sources, uploaded or read in place, and the jobs made of them.
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { Engine } from "../engine.ts";
import { checkRequest } from "../intake/check-request.ts";
import { type JobDefaults, prepareJob } from "../intake/create-job.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { JobRegistry } from "../job-registry.ts";
import type { Coordinator, SourceRecord, Store } from "../ports.ts";
import type { SourceRegistry } from "../transfers/source-registry.ts";
import type { SourceUploads } from "../transfers/source-uploads.ts";
import type { SubtitleFiles } from "../transfers/subtitle-files.ts";
import type { SourceView } from "../views.ts";

type IntakeCalls = Pick<
  Coordinator,
  | "beginUpload"
  | "uploadState"
  | "appendUpload"
  | "challengeLocalSource"
  | "proveLocalSource"
  | "openServerSource"
  | "checkRequest"
  | "createJob"
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
}

export function intakeCalls(parts: IntakeCallsParts): IntakeCalls {
  const { tools, workDir, defaults, engine, store, registry, folders, sources, uploads, subtitleFiles } = parts;

  const takeUpload = async (jobId: string, upload: SourceRecord) => {
    try {
      await subtitleFiles.takeUpload(jobId, upload);
    } catch (thrown) {
      await folders.removeAll(jobId);
      throw thrown;
    }
  };

  return {
    async beginUpload(wanted) {
      const { sourceId, offset } = await uploads.begin(wanted);
      return { source_id: sourceId, offset };
    },
    uploadState: (sourceId) => uploads.state(sourceId),
    async appendUpload(sourceId, append, sha256) {
      const { offset, source } = await uploads.append(sourceId, append, sha256);
      return { offset, isComplete: source !== null, source: source === null ? null : sourceView(source) };
    },
    async challengeLocalSource(path, bytes, mtimeMs) {
      const { challengeId, ranges } = await sources.challenge(path, bytes, mtimeMs);
      return { challenge_id: challengeId, ranges };
    },
    proveLocalSource: async (challengeId, digests) => sourceView(await sources.prove(challengeId, digests)),
    openServerSource: async (path) => sourceView(await sources.openServerSource(path)),
    checkRequest: (ffmpegParams, outputName, inputName, hasSubtitles) => ({
      outputName: checkRequest(defaults, ffmpegParams, outputName, inputName, hasSubtitles).outputName,
    }),

    async createJob(asked) {
      const source = sources.get(asked.sourceId);
      const upload = typeof asked.subtitlesSourceId === "string" ? sources.get(asked.subtitlesSourceId) : null;
      sources.forget(source.sourceId); // before the first await: a source makes only one job
      try {
        await uploads.forget(source.sourceId);
        const { record, job } = await prepareJob(tools, defaults, asked, source, {
          workDir,
          clients: () => engine.state.clients.values(),
        });
        await folders.make(record.jobId);
        if (record.source.path !== source.path) await sources.discard(source);
        if (upload !== null) await takeUpload(record.jobId, upload);
        registry.start(record);
        engine.submit({ type: "job-submitted", job }, (next, events) => {
          const created = next.jobs.get(job.id);
          if (created === undefined) throw new Error(`job ${job.id} was not created`);
          store.createJob(record, created, events);
        });
        return registry.view(record.jobId);
      } catch (thrown) {
        await sources.discard(source);
        throw thrown;
      } finally {
        if (upload !== null) await Promise.all([sources.discard(upload), uploads.forget(upload.sourceId)]);
      }
    },
  };
}

function sourceView(source: SourceRecord): SourceView {
  return { source_id: source.sourceId, name: source.name, bytes: source.bytes };
}
