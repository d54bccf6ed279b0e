// Films on their way to the server, one after the other: each is uploaded by the tus protocol, goes on where it stopped, and
// becomes a job; at once, or when somebody has seen what becomes of it. They live as long as the page does, whatever part of
// it is shown.
import { signal } from "@preact/signals";
import { DetailedError, Upload } from "tus-js-client/lib.esm/browser/index.js";
import type { JobView, SourcePreviewView } from "../../cluster/server/views.ts";
import { ApiError, ask, type Failure } from "../live/api.ts";

export type Stage = "waiting" | "sending" | "looking" | "ready" | "checking" | "job" | "failed";

export interface Sending {
  readonly id: number;
  readonly file: File;
  readonly ffmpegParams: string;
  /** No job before somebody says so. */
  readonly asksFirst: boolean;
  readonly stage: Stage;
  /** Bytes that are on the server. */
  readonly sent: number;
  readonly sourceId: string | null;
  /** What a job would make of it, as far as it is known. */
  readonly preview: SourcePreviewView | null;
  readonly jobId: string | null;
  readonly failure: Failure | null;
}

export const uploads = signal<readonly Sending[]>([]);

let nextId = 0;
let running: { readonly id: number; readonly upload: Upload } | null = null;
const RETRY_AFTER_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];
/** So much of a film says what is in it, if its header stands in front; asked again each time this has become four times as much. */
const FIRST_LOOK_BYTES = 1_000_000;

function change(id: number, differs: Partial<Sending>): void {
  uploads.value = uploads.value.map((each) => (each.id === id ? { ...each, ...differs } : each));
}

const now = (id: number) => uploads.value.find((each) => each.id === id);

const UNKNOWN: Failure = {
  code: "E_UNREACHABLE",
  message: "The upload broke off.",
  hint: "Press Go on: what has arrived is kept for a day.",
};

/** Those of the same request. */
export function sendFiles(files: readonly File[], ffmpegParams: string, asksFirst: boolean): void {
  const fresh = { stage: "waiting", sent: 0, sourceId: null, preview: null, jobId: null, failure: null } as const;
  const added = files.map((file): Sending => {
    nextId += 1;
    return { id: nextId, file, ffmpegParams, asksFirst, ...fresh };
  });
  uploads.value = [...uploads.value, ...added];
  sendNext();
}

/** What broke off, or was refused, once more. */
export function goOn(id: number): void {
  change(id, { stage: "waiting", failure: null });
  sendNext();
}

/** Takes it off the list. What is being sent stops, and is kept on the server for a day; what waits for a yes is removed. */
export function remove(id: number): void {
  const sending = now(id);
  if (running?.id === id) {
    void running.upload.abort();
    running = null;
  }
  uploads.value = uploads.value.filter((each) => each.id !== id);
  if (sending?.stage === "ready") void fetch(`/api/v1/tus/${sending.sourceId}`, REMOVAL);
  sendNext();
}

const REMOVAL = { method: "DELETE", headers: { "tus-resumable": "1.0.0" } };

function sendNext(): void {
  const next = uploads.value.find(({ stage }) => stage === "waiting");
  if (running !== null || next === undefined) return;
  const { id, file } = next;
  let lookAt = FIRST_LOOK_BYTES;
  const upload = new Upload(file, {
    endpoint: "/api/v1/tus",
    metadata: { filename: file.name },
    retryDelays: RETRY_AFTER_MS,
    removeFingerprintOnSuccess: true,
    onProgress(sent) {
      change(id, { sent });
      if (sent < lookAt || sent === file.size) return;
      lookAt = sent * 4;
      void look(id, sourceOf(upload));
    },
    onSuccess: () => void arrived(id, sourceOf(upload)),
    onError: (error) => fail(id, failureOf(error)),
  });
  running = { id, upload };
  change(id, { stage: "sending" });
  void begin(upload);
}

const sourceOf = ({ url }: Upload): string => url?.split("/").at(-1) ?? "";

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

const paramsOf = ({ ffmpegParams }: Sending) => (ffmpegParams === "" ? null : ffmpegParams);

/** Asks what a job would make of it; the failure, where the server would refuse it. */
async function look(id: number, sourceId: string): Promise<Failure | null> {
  const sending = now(id);
  if (sending === undefined) return null;
  const body = { ffmpeg_params: paramsOf(sending) };
  try {
    const preview = await ask<SourcePreviewView | null>(`/api/v1/sources/${sourceId}/preview`, {
      method: "POST",
      body,
    });
    if (preview === null) return null;
    if (preview.is_whole || now(id)?.preview?.is_whole !== true) change(id, { preview });
    return null;
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    return thrown.failure;
  }
}

/** The source is whole. */
async function arrived(id: number, sourceId: string): Promise<void> {
  running = null;
  const sending = now(id);
  if (sending === undefined) return;
  change(id, { stage: sending.asksFirst ? "looking" : "checking", sent: sending.file.size, sourceId });
  sendNext();
  if (!sending.asksFirst) return await encode(id);
  const failure = await look(id, sourceId);
  change(id, failure === null ? { stage: "ready" } : { stage: "failed", failure });
}

/** The server makes the job. */
export async function encode(id: number): Promise<void> {
  const sending = now(id);
  if (sending === undefined) return;
  change(id, { stage: "checking", failure: null });
  const body = { source_id: sending.sourceId, ffmpeg_params: paramsOf(sending) };
  try {
    const job = await ask<JobView>("/api/v1/jobs", { method: "POST", body });
    change(id, { stage: "job", jobId: job.job_id });
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    change(id, { stage: "failed", failure: thrown.failure });
  }
}
