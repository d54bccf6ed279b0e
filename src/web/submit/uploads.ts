// Films on their way to the server, one after the other: each is uploaded by the tus protocol, goes on where it stopped, and
// becomes a job. They live as long as the page does, whatever part of it is shown.
import { signal } from "@preact/signals";
import { DetailedError, Upload } from "tus-js-client/lib.esm/browser/index.js";
import type { JobView } from "../../cluster/server/views.ts";
import { ApiError, ask, type Failure } from "../live/api.ts";

export type Stage = "waiting" | "sending" | "checking" | "job" | "failed";

export interface Sending {
  readonly id: number;
  readonly file: File;
  readonly ffmpegParams: string;
  readonly stage: Stage;
  /** Bytes that are on the server. */
  readonly sent: number;
  readonly jobId: string | null;
  readonly failure: Failure | null;
}

export const uploads = signal<readonly Sending[]>([]);

let nextId = 0;
let running: { readonly id: number; readonly upload: Upload } | null = null;
const RETRY_AFTER_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

function change(id: number, differs: Partial<Sending>): void {
  uploads.value = uploads.value.map((each) => (each.id === id ? { ...each, ...differs } : each));
}

const UNKNOWN: Failure = {
  code: "E_UNREACHABLE",
  message: "The upload broke off.",
  hint: "Press Go on: what has arrived is kept for a day.",
};

/** Those of the same request. */
export function sendFiles(files: readonly File[], ffmpegParams: string): void {
  const added = files.map((file): Sending => {
    nextId += 1;
    return { id: nextId, file, ffmpegParams, stage: "waiting", sent: 0, jobId: null, failure: null };
  });
  uploads.value = [...uploads.value, ...added];
  sendNext();
}

/** What broke off, or was refused, once more. */
export function goOn(id: number): void {
  change(id, { stage: "waiting", failure: null });
  sendNext();
}

/** Takes it off the list; what is being sent stops, and is kept on the server for a day. */
export function remove(id: number): void {
  if (running?.id === id) {
    void running.upload.abort();
    running = null;
  }
  uploads.value = uploads.value.filter((each) => each.id !== id);
  sendNext();
}

function sendNext(): void {
  const next = uploads.value.find(({ stage }) => stage === "waiting");
  if (running !== null || next === undefined) return;
  const { id, file } = next;
  const upload = new Upload(file, {
    endpoint: "/api/v1/tus",
    metadata: { filename: file.name },
    retryDelays: RETRY_AFTER_MS,
    removeFingerprintOnSuccess: true,
    onProgress: (sent) => change(id, { sent }),
    onSuccess: () => void finish(next, upload),
    onError: (error) => fail(id, failureOf(error)),
  });
  running = { id, upload };
  change(id, { stage: "sending" });
  void begin(upload);
}

async function begin(upload: Upload): Promise<void> {
  const [earlier] = await upload.findPreviousUploads();
  if (earlier !== undefined) upload.resumeFromPreviousUpload(earlier);
  upload.start();
}

function fail(id: number, failure: Failure): void {
  running = null;
  change(id, { stage: "failed", failure });
  sendNext();
}

function failureOf(error: Error): Failure {
  const text = error instanceof DetailedError ? (error.originalResponse?.getBody() ?? "") : "";
  if (!text.startsWith("{")) return UNKNOWN;
  return (JSON.parse(text) as { error?: Failure }).error ?? UNKNOWN;
}

/** The source is whole: the server looks at it and makes the job. */
async function finish({ id, file, ffmpegParams }: Sending, upload: Upload): Promise<void> {
  running = null;
  change(id, { stage: "checking", sent: file.size });
  sendNext();
  const body = {
    source_id: upload.url?.split("/").at(-1) ?? "",
    ffmpeg_params: ffmpegParams === "" ? null : ffmpegParams,
  };
  try {
    const job = await ask<JobView>("/api/v1/jobs", { method: "POST", body });
    change(id, { stage: "job", jobId: job.job_id });
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    change(id, { stage: "failed", failure: thrown.failure });
  }
}
