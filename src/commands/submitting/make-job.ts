// Makes the job of one source: brings the source and its subtitles to the server, and asks for the job.
import { basename } from "node:path";
import { ApiClient } from "../../api/client.ts";
import type { CreateJob, JobView } from "../../api/contract.ts";
import { uploadSource } from "../../api/upload.ts";
import { isRemoteAddress } from "../../base/network/remote-address.ts";
import type { CommandContext } from "../cli/command.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";
import { paramsFor } from "./crop-first.ts";
import type { Doing } from "./on-interrupt.ts";
import type { SubmitOptions } from "./options.ts";
import { placeSource } from "./place-source.ts";

export interface WantedJob {
  /** An absolute path here, with --on-server one there, or an address. */
  readonly input: string;
  /** Null: the server chooses the name. */
  readonly outputName: string | null;
  readonly outputPath: string;
  /** An address where the server puts the output; absent and null: it stays on the server. */
  readonly outputUrl?: string | null;
  /** Absolute path of the subtitles to draw; null: none given. */
  readonly subtitles: string | null;
}

export interface Making {
  readonly client: ApiClient;
  readonly display: ProgressDisplay;
  readonly context: CommandContext;
  /** Tells what the command does from now on, for the case that it is interrupted. */
  readonly begin: (doing: Doing) => void;
}

/** Errors: every reason for which this machine or the server refuses the source or the request. */
export async function makeJob(wanted: WantedJob, given: SubmitOptions, making: Making): Promise<JobView> {
  return await askForJob(await placeForJob(wanted, given, making), null, making);
}

/** Brings the source to the server. Returns what to ask it for. */
export async function placeForJob(wanted: WantedJob, given: SubmitOptions, making: Making): Promise<CreateJob> {
  const { client, display, context, begin } = making;
  const { checkSourceLocally } = await import("../wiring/local-checks.ts");
  const ffmpegParams = await paramsFor(wanted.input, given, making);
  const checked = {
    ffmpegParams,
    outputName: wanted.outputName ?? basename(wanted.outputPath),
    hasSubtitles: wanted.subtitles !== null,
  };
  const place = () =>
    placeSource({
      client,
      input: wanted.input,
      isOnServer: given["on-server"],
      checkBeforeUpload: (path) => checkSourceLocally(path, { ...checked, sandbox: given.sandbox }, context.env),
      onUpload: () => begin({ kind: "uploading" }),
      display: given.json ? null : display,
      signal: context.signal,
    });
  const source = isRemoteAddress(wanted.input)
    ? { source_url: wanted.input, copy_source: given["copy-source"] }
    : { source_id: (await place()).source_id };
  const subtitles =
    wanted.subtitles === null ? null : await uploadSource(client, wanted.subtitles, { onBytes() {} }, context.signal);
  begin({ kind: "asking-for-the-job" });
  return {
    ...source,
    ...(wanted.outputUrl ? { output_url: wanted.outputUrl, overwrite: given.force } : {}),
    subtitles_source_id: subtitles?.source_id ?? null,
    ffmpeg_params: ffmpegParams,
    output_name: wanted.outputName,
    required_clients: given["required-clients"],
    family: given.family,
    allow_mixed: given["allow-mixed"],
    wait_for_family: given["wait-for-family"],
    name: given.name,
    verify: given.verify,
    priority: given.priority,
    webhook: webhookOf(given),
  };
}

function webhookOf(given: SubmitOptions): CreateJob["webhook"] {
  const { webhook: url, "webhook-events": events, "webhook-format": format, "webhook-secret": secret } = given;
  return url === null ? null : { url, format, secret, events: events === null ? null : [...events] };
}

/**
 * Waits on after the first Ctrl-C: the server may have made the job by then, and its id would be lost. Asked again with the
 * same `key`, the server answers with the job that it made; null: each call makes one.
 */
export async function askForJob(
  wanted: CreateJob,
  key: string | null,
  { client, display, context }: Making,
): Promise<JobView> {
  const { signal } = context;
  signal.throwIfAborted();
  const words = "Interrupted; waiting for the server, which may have made the job. Press Ctrl-C again to end at once.";
  const onAbort = () => display.note(words);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await new ApiClient(client.connection).createJob(wanted, key);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
