// The part of the façade about existing jobs: their views, their outputs and proofs, and what people can ask of one.
import { readFile } from "node:fs/promises";
import { AppError } from "../../../base/errors.ts";
import { exists } from "../../../base/files.ts";
import type { Proof } from "../../../media/model/proof.ts";
import { isTerminal, type Job } from "../../scheduler/model/job.ts";
import { idleClients } from "../../scheduler/views/idle.ts";
import { sharesOf } from "../../scheduler/views/shares.ts";
import type { Engine } from "../engine.ts";
import { lostSegments, requireSource } from "../intake/retry-job.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { RemoteReader } from "../job/remote-reader.ts";
import type { JobRegistry } from "../job-registry.ts";
import { ownerName, passesText, segmentView } from "../job-views.ts";
import { isNamed, pageInOrder, pageOf } from "../lists.ts";
import type { Coordinator, Store } from "../ports.ts";
import type { SubtitleFiles } from "../transfers/subtitle-files.ts";
import type { Watchers } from "../watchers.ts";
import { maySee } from "./access-calls.ts";
import type { AttemptStages } from "./attempt-stages.ts";
import { attemptLogs } from "./job-logs.ts";
import { requireOk } from "./require-ok.ts";

type JobCalls = Pick<
  Coordinator,
  | "listJobs"
  | "job"
  | "jobDetail"
  | "cancelJob"
  | "retryJob"
  | "moveJob"
  | "jobEvents"
  | "jobLogs"
  | "jobAttempts"
  | "watchJob"
  | "proof"
  | "output"
>;

export interface JobCallsParts {
  readonly engine: Engine;
  readonly store: Store;
  readonly registry: JobRegistry;
  readonly folders: JobFolders;
  readonly watchers: Watchers;
  readonly stages: AttemptStages;
  readonly remote: RemoteReader;
  readonly subtitleFiles: Pick<SubtitleFiles, "requireUpload">;
}

export function jobCalls(parts: JobCallsParts): JobCalls {
  const { engine, store, registry, folders, watchers, stages, subtitleFiles, remote } = parts;
  return {
    listJobs(wanted, who) {
      const { statuses, owner, name, since } = wanted;
      const isWanted = (job: Job): boolean => {
        const record = registry.record(job.id);
        return (
          maySee(who, record?.owner?.tokenId) &&
          (statuses === null || statuses.includes(job.status)) &&
          (owner === null || ownerName(record) === owner) &&
          (name === null || isNamed(name, [job.fileName, record?.outputName])) &&
          (since === null || job.createdAt >= since)
        );
      };
      const found = [...engine.state.jobs.values()].filter(isWanted);
      return pageOf(
        found,
        (job) => `${job.createdAt} ${job.id}`,
        (job) => registry.viewOf(job),
        wanted,
      );
    },
    job: (id) => registry.view(id),
    jobDetail(id) {
      const { job, record } = registry.find(id);
      return {
        ...registry.view(job.id),
        ffmpeg_params: record.requestText,
        idle_clients: idleClients(engine.state, job).map(({ client, reason }) => {
          return { client_id: client.id, name: client.name, reason };
        }),
        split: `${job.split.mode === "whole" ? `one segment: ${job.split.reason}` : "on key frames"}${passesText(job)}`,
        segment_list: job.segments.map((segment) => segmentView(engine.state, segment)),
        shares: sharesOf(job).map(({ clientId, clientName, ...share }) => {
          return { client_id: clientId, name: clientName, ...share };
        }),
        attempts: store.attempts(job.id).map((attempt) => ({
          ...attempt,
          ...nameOf(engine, attempt.client_id),
          ...courseOf(stages, attempt.attempt_id),
        })),
        events: store.jobEvents(job.id, 0),
      };
    },
    async cancelJob(id) {
      const { job } = registry.find(id);
      requireOk(engine.dispatch({ type: "cancel-requested", jobId: job.id }));
      return registry.view(job.id);
    },
    moveJob(id, move) {
      const { job } = registry.find(id);
      requireOk(engine.dispatch({ type: "move-requested", jobId: job.id, ...move }));
      return registry.view(job.id);
    },
    async retryJob(id) {
      const { job, record } = registry.find(id);
      if (job.status !== "Failed" && job.status !== "Cancelled") {
        requireOk(engine.dispatch({ type: "retry-requested", jobId: job.id, lost: [] }));
      }
      await requireSource(record, remote);
      await subtitleFiles.requireUpload(record);
      await folders.make(job.id);
      const lost = await lostSegments(folders, job);
      if (!registry.running.has(job.id)) registry.start(record);
      requireOk(engine.dispatch({ type: "retry-requested", jobId: job.id, lost }));
      return registry.view(job.id);
    },
    jobLogs(id) {
      const { job } = registry.find(id);
      return attemptLogs(engine.state, job, store.attempts(job.id));
    },
    jobEvents: (id, afterSeq, wanted) =>
      pageOf(
        store.jobEvents(registry.find(id).job.id, afterSeq),
        ({ seq }) => String(seq).padStart(15, "0"),
        (event) => event,
        wanted,
      ),
    jobAttempts: (id, wanted) => pageInOrder(store.attempts(registry.find(id).job.id), () => true, wanted),
    watchJob: (id, listener) => watchers.watch(registry.find(id).job.id, listener),
    async proof(id) {
      const { job } = registry.find(id);
      const path = folders.of(job.id).proof;
      if (!(await exists(path))) throw notYet(job, "proof");
      return JSON.parse(await readFile(path, "utf8")) as Proof;
    },
    output: async (id) => await outputOf(folders, registry.find(id)),
  };
}

/** Errors: E_WRONG_STATE before its end, E_NOT_FOUND where it was deleted. */
async function outputOf(folders: JobFolders, { job, record }: ReturnType<JobRegistry["find"]>) {
  if (job.output === null || job.status !== "Completed") throw notYet(job, "output");
  const path = folders.outputFile(job.id, record.container);
  if (await exists(path)) return { path, name: job.output.name, bytes: job.output.bytes, sha256: job.output.sha256 };
  const message = `the output of job ${job.id} is no longer on the server`;
  throw new AppError("E_NOT_FOUND", message, "Submit the source again.");
}

function nameOf({ state }: Engine, clientId: string): { readonly client?: string } {
  const client = state.clients.get(clientId);
  return client === undefined ? {} : { client: client.name };
}

function courseOf(stages: AttemptStages, attemptId: string) {
  const course = stages.of(attemptId);
  if (course === null) return {};
  return { stages: course.stages, frames: course.frames, fps: Math.round(course.fps * 10) / 10 };
}

function notYet(job: Job, what: "proof" | "output"): AppError {
  const id = job.id.slice(0, 8);
  const hint =
    job.status === "Cancelled"
      ? `\`ffcluster jobs retry ${id}\` begins it anew; where its source was uploaded, submit it again.`
      : isTerminal(job.status)
        ? `\`ffcluster jobs show ${id}\` says why, \`ffcluster jobs retry ${id}\` tries again.`
        : `\`ffcluster jobs watch ${id}\` waits for its end.`;
  return new AppError("E_WRONG_STATE", `job ${job.id} is ${job.status} and has no ${what}`, hint);
}
