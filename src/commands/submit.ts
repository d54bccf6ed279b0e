// `ffcluster submit`: checks the request here and on the server, places the source, makes the job, follows it, and fetches
// the output.
import { stat, utimes } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { ApiClient } from "../api/client.ts";
import type { JobView, Proof } from "../api/contract.ts";
import { outputExists } from "../api/download.ts";
import { AppError, toAppError } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import { isRemoteAddress, nameOfAddress, shownAddress } from "../base/network/remote-address.ts";
import { printable } from "../base/printable.ts";
import { type CommandContext, defineCommand, printEvent } from "./cli/command.ts";
import { failureOf } from "./cli/command-failure.ts";
import { connect } from "./cli/connect.ts";
import { followToEnd } from "./jobs/follow-job.ts";
import { safeOutputName } from "./jobs/output-name.ts";
import { placeOf, refuseExisting, requireWritableFolder, saveOutput } from "./jobs/save-output.ts";
import { isLibrary } from "./library/requests.ts";
import { runLibrary } from "./library/run-library.ts";
import { createProgressDisplay, type ProgressDisplay } from "./output/progress-display.ts";
import { lackLines } from "./output/proof-text.ts";
import { styleFor } from "./output/style.ts";
import { roomOf, summaryLines } from "./output/summary-text.ts";
import { type Participant, participate } from "./participate.ts";
import { withPreset } from "./presets/with-preset.ts";
import { checkInput, checkSubtitles, refuseInputAsOutput } from "./submitting/check-input.ts";
import { requireCropPossible } from "./submitting/crop-first.ts";
import { ffmpegParamsOf } from "./submitting/ffmpeg-params.ts";
import { makeJob } from "./submitting/make-job.ts";
import { type Doing, leftBehind, settleInterrupted } from "./submitting/on-interrupt.ts";
import { type SubmitOptions, submitOptions } from "./submitting/options.ts";
import { requireRemoteUse } from "./submitting/remote-use.ts";
import { detachedNotice, waitingFor, watchForClients } from "./submitting/waiting-notice.ts";
import { requireWaiting } from "./telling/options.ts";
import { endedBy, type Telling, tellEnded } from "./telling/tell-ended.ts";

/** What every step of a running submit uses. */
interface Session {
  readonly client: ApiClient;
  readonly display: ProgressDisplay;
  readonly context: CommandContext;
  /** Tells what the command does from now on, for the case that it is interrupted. */
  readonly begin: (doing: Doing) => void;
  /** `--participate`; it ends before the output is saved. */
  readonly participant: Participant | null;
}

/** What is known once every check has passed. */
interface Plan {
  readonly input: string;
  /** Null: -o is absent or a folder, and the server chooses the name. */
  readonly outputName: string | null;
  readonly outputPath: string;
  /** Where the server puts it instead; `outputPath` is that for people. Null: it is saved here. */
  readonly outputUrl: string | null;
  /** Absolute path of the subtitles to draw; null: none given. */
  readonly subtitles: string | null;
}

async function plan(input: string, given: SubmitOptions, client: ApiClient, context: CommandContext): Promise<Plan> {
  const { checkRequestLocally } = await import("./wiring/local-checks.ts");
  const isElsewhere = given["on-server"] || isRemoteAddress(input);
  const source = isElsewhere ? input : await checkInput(input, context.cwd);
  const inputName = isRemoteAddress(input) ? nameOfAddress(input) : basename(source.replaceAll("\\", "/"));
  const outputUrl = given.output !== null && isRemoteAddress(given.output) ? given.output : null;
  const local = outputUrl === null ? await placeOf(given.output, context.cwd) : null;
  const { folder, name } = local ?? { folder: context.cwd, name: nameOfAddress(outputUrl ?? "") };
  const asked = name === null ? null : join(folder, name);
  const checkTarget = async (path: string) => {
    if (given.detach || outputUrl !== null) return;
    if (!isElsewhere) await refuseInputAsOutput(source, path);
    await refuseExisting(path, given.force);
    await requireWritableFolder(path);
  };
  const hasSubtitles = given.subtitles !== null;
  checkRequestLocally(ffmpegParamsOf(given), name, hasSubtitles);
  const subtitles = given.subtitles === null ? null : await checkSubtitles(given.subtitles, context.cwd);
  if (asked !== null) await checkTarget(asked);
  const checked = await client.checkRequest({
    ffmpeg_params: ffmpegParamsOf(given),
    output_name: name,
    input_name: inputName,
    has_subtitles: hasSubtitles,
  });
  const here = asked ?? join(folder, safeOutputName(checked.output_name));
  const outputPath = outputUrl === null ? here : shownAddress(outputUrl);
  if (asked === null) await checkTarget(outputPath);
  return { input: source, outputName: name, outputPath, outputUrl, subtitles };
}

function printCompleted(job: JobView, proof: Proof, outputPath: string, isJson: boolean, context: CommandContext) {
  if (isJson) {
    printEvent(context, "completed", { job_id: job.job_id, output: outputPath, proof });
    return;
  }
  const { stderr } = context;
  for (const line of lackLines(proof)) stderr.write(`${printable(line)}\n`);
  for (const line of summaryLines(job, proof, roomOf(stderr), styleFor(context, stderr))) stderr.write(`${line}\n`);
  context.stdout.write(`${outputPath}\n`);
}

interface Target {
  readonly path: string;
  /** The server has put it elsewhere; `path` says where. */
  readonly isElsewhere: boolean;
  readonly mayOverwrite: boolean;
  readonly isJson: boolean;
  /** Of the source, which the output gets; null: it has its own. */
  readonly mtimeMs: number | null;
  readonly telling: Telling;
  readonly about: { readonly input: string };
}

async function followAndSave(
  job: JobView,
  target: Target,
  { client, display, context, begin, participant }: Session,
): Promise<void> {
  const notice = watchForClients(
    (view) => waitingFor(view, client),
    (text) => display.note(text),
  );
  let last: JobView;
  try {
    last = await followToEnd({
      client,
      jobId: job.job_id,
      context,
      display,
      printsEvents: target.isJson,
      onView: (view) => notice.see(view),
    });
  } finally {
    notice.stop();
  }
  if (last.status !== "Completed") throw failureOf(last);
  if (!target.isElsewhere && !target.mayOverwrite && (await exists(target.path)))
    throw outputExists(target.path, job.job_id);
  if (!target.isElsewhere) begin({ kind: "downloading", jobId: job.job_id });
  await participant?.stop();
  const proof = await client.proof(job.job_id);
  if (!target.isElsewhere) await saveOutput(client, last, target, target.isJson ? null : display, context.signal);
  if (target.mtimeMs !== null) await utimes(target.path, target.mtimeMs / 1000, target.mtimeMs / 1000);
  display.end();
  const output = target.isElsewhere ? target.path : resolve(context.cwd, target.path);
  await tellEnded(
    target.telling,
    { ...target.about, status: "completed", jobId: last.job_id, output, error: null },
    context,
  );
  printCompleted(last, proof, target.path, target.isJson, context);
}

export const submit = defineCommand({
  path: ["submit"],
  summary: "Encode a video on the cluster and download the result",
  positionals: [
    { name: "INPUT", description: "the video file, an https:// or s3:// address, or with --output-dir a folder" },
    { name: "MORE", description: "further files and folders", isRest: true },
  ],
  options: submitOptions,
  examples: [
    "ffcluster submit input.mp4",
    "ffcluster submit input.mp4 --participate",
    "ffcluster submit input.mkv --codec hevc --quality 70 --speed fast",
    'ffcluster submit input.mkv -o output.mkv --ffmpeg-params "-c:v libx265 -crf 24"',
    "ffcluster submit input.mkv --preset web-1080p-h264",
    "ffcluster submit input.mp4 --subtitles german.srt",
    "ffcluster submit films/input.mp4 --on-server --detach",
    "ffcluster submit https://example.com/input.mp4 -o output.mp4",
    "ffcluster submit s3://films/input.mkv -o s3://results/output.mp4",
    "ffcluster submit films/ --recursive --output-dir encoded --codec hevc",
  ],
  printsEvents: true,
  async run({ options, origins, positionals, context }) {
    const given = await withPreset(options, origins, context);
    if (given.detach && given.participate) {
      const hint =
        "Leave one of them out; to encode on this machine without waiting for the job, run `ffcluster join`.";
      throw new AppError("E_USAGE", "--detach and --participate exclude each other", hint);
    }
    await requireCropPossible(given);
    requireWaiting(given);
    if (isLibrary(positionals, given)) return await runLibrary(positionals, given, context);
    requireRemoteUse(positionals[0] ?? "", given);
    const client = await connect(given, context);
    let doing: Doing = { kind: "preparing" };
    const begin = (next: Doing) => {
      doing = next;
      context.setLastWords(leftBehind(next));
    };
    begin(doing);
    const planned = await plan(positionals[0] ?? "", given, client, context);
    const mtimeMs = given["keep-dates"] ? (await stat(planned.input)).mtimeMs : null;
    const display = createProgressDisplay(context);
    const ownClient = { workDir: resolve(context.cwd, given["work-dir"] ?? "work"), sandbox: given.sandbox, given };
    const participant = given.participate ? await participate(client.connection, ownClient, display, context) : null;
    const session: Session = { client, display, context, begin, participant };
    try {
      const job = await makeJob(planned, given, session);
      begin({ kind: "following", jobId: job.job_id });
      if (given.json) printEvent(context, "submitted", { job_id: job.job_id });
      else if (given.detach) context.stdout.write(`${job.job_id}\n`);
      else display.note(`job ${job.job_id}`);
      if (given.detach) {
        const notice = given.json ? null : await detachedNotice(client, job);
        if (notice !== null) context.stderr.write(`${notice}\n`);
        return 0;
      }
      const isElsewhere = planned.outputUrl !== null;
      const target = {
        isElsewhere,
        path: planned.outputPath,
        mayOverwrite: given.force,
        isJson: given.json,
        mtimeMs,
        telling: given,
        about: { input: planned.input },
      };
      await followAndSave(job, target, session);
      return 0;
    } catch (thrown) {
      display.end();
      const ended = endedBy(thrown, planned.input);
      if (ended !== null && "jobId" in doing) await tellEnded(given, ended, context);
      if (toAppError(thrown).code !== "E_INTERRUPTED" || !context.signal.aborted) throw thrown;
      throw await settleInterrupted(client, doing, context);
    } finally {
      display.end();
      await participant?.stop();
    }
  },
});
