// `ffcluster submit`: check here, check there, place the source, make the job, follow it, fetch the result.
import { basename, join, resolve } from "node:path";
import type { ApiClient } from "../api/client.ts";
import type { JobView, ProofView } from "../api/contract.ts";
import { outputExists } from "../api/download.ts";
import { uploadSource } from "../api/upload.ts";
import {
  BadValue,
  type OptionValues,
  optionalChoice,
  optionalInteger,
  optionalText,
  parsedOption,
  switchOption,
} from "../base/config/option.ts";
import { AppError } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import { type CommandContext, defineCommand, printEvent } from "./command.ts";
import { failureOf } from "./command-failure.ts";
import { jsonOption, serverOptions } from "./common-options.ts";
import { connect } from "./connect.ts";
import { followToEnd } from "./follow-job.ts";
import { formatSeconds } from "./output/format.ts";
import { createProgressDisplay, type ProgressDisplay } from "./output/progress-display.ts";
import { participate } from "./participate.ts";
import { refuseExisting, requireWritableFolder, saveOutput } from "./save-output.ts";
import { checkInput, checkSubtitles, refuseInputAsOutput } from "./submitting/check-input.ts";
import { encodeRequest, SPEEDS } from "./submitting/encode-request.ts";
import { settleInterrupted } from "./submitting/on-interrupt.ts";
import { placeSource } from "./submitting/place-source.ts";
import { waitingText, watchForClients } from "./submitting/waiting-notice.ts";

function parseWait(text: string): number | "ever" {
  if (text.toLowerCase() === "ever") return "ever";
  const seconds = /^\d{1,8}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= 31_536_000)) throw new BadValue("expected seconds, or ever");
  return seconds;
}

const options = {
  output: optionalText({
    description: "Where the result goes; its extension chooses the container (mp4, mov, mkv, webm, ts)",
    alias: "o",
    valueName: "FILE",
    defaultText: "the server's --file-name-output in the current folder",
  }),
  force: switchOption({ description: "Overwrite an existing output" }),
  "ffmpeg-params": optionalText({
    description: 'Encode request in ffmpeg\'s words, e.g. "-c:v libx265 -crf 24 -c:a aac -b:a 128k"',
    valueName: "REQUEST",
    defaultText: "the server's",
  }),
  subtitles: optionalText({
    description:
      "Text subtitles to draw into the picture (.srt, .ass, .vtt); -vf subtitles=si=0 draws the source's own",
    valueName: "FILE",
  }),
  codec: optionalChoice({
    description:
      "Encode to this codec with whichever encoder the cluster does it best with (beside --quality and --speed)",
    valueName: "CODEC",
    choices: ["h264", "hevc", "av1", "vp9"],
  }),
  quality: optionalInteger({
    description: "With --codec: 0 to 100; about 63 is x264's CRF 23, 80 its 17",
    valueName: "N",
    min: 0,
    max: 100,
  }),
  speed: optionalChoice({
    description: "With --codec: how fast, in x264's words",
    valueName: "SPEED",
    defaultText: "medium",
    choices: SPEEDS,
  }),
  family: optionalChoice({
    description: "Where the codec is named and not the encoder: the only family of encoders to use",
    valueName: "FAMILY",
    defaultText: "auto: the one with the most throughput",
    choices: ["auto", "software", "nvenc", "qsv", "amf", "videotoolbox", "vaapi"],
  }),
  "allow-mixed": switchOption({ description: "Let encoders of several families work on one output" }),
  "wait-for-family": parsedOption<number | "ever" | null>({
    description: "How long a job waits when the last client of its family is gone, before another encodes it all again",
    valueName: "SECONDS|ever",
    defaultText: "60",
    fallback: null,
    parseOne: parseWait,
  }),
  participate: switchOption({ description: "Encode on this machine too while waiting" }),
  "work-dir": optionalText({
    description: "Folder of the participating client",
    valueName: "DIR",
    defaultText: "./work",
  }),
  "on-server": switchOption({ description: "INPUT is a path on the server, below one of its media roots" }),
  detach: switchOption({ description: "Print the job's id and return" }),
  "required-clients": optionalInteger({
    description: "Clients the job waits for before it starts",
    valueName: "N",
    defaultText: "the server's",
    min: 1,
    max: 10_000,
  }),
  verify: optionalChoice({
    description: "Last check: fast compares counts, times and digests, full also decodes the whole output",
    valueName: "fast|full",
    defaultText: "the server's",
    choices: ["fast", "full"],
  }),
  name: optionalText({ description: "Name of the job in lists", defaultText: "the input's file name" }),
  ...serverOptions,
  ...jsonOption,
};

type SubmitOptions = OptionValues<typeof options>;

/** What is known once every check has passed. */
interface Plan {
  readonly input: string;
  /** Null with --detach and no -o: the server's default name. */
  readonly outputName: string | null;
  readonly outputPath: string;
  /** Absolute path of the subtitles to draw; null: none given. */
  readonly subtitles: string | null;
}

async function plan(input: string, given: SubmitOptions, client: ApiClient, context: CommandContext): Promise<Plan> {
  const { checkRequestLocally } = await import("./wiring.ts");
  const source = given["on-server"] ? input : await checkInput(input, context.cwd);
  const inputName = basename(source.replaceAll("\\", "/"));
  const asked = given.output === null ? null : resolve(context.cwd, given.output);
  const checkTarget = async (path: string) => {
    if (given.detach) return;
    if (!given["on-server"]) await refuseInputAsOutput(source, path);
    await refuseExisting(path, given.force);
    await requireWritableFolder(path);
  };
  const hasSubtitles = given.subtitles !== null;
  checkRequestLocally(encodeRequest(given), asked === null ? null : basename(asked), hasSubtitles);
  const subtitles = given.subtitles === null ? null : await checkSubtitles(given.subtitles, context.cwd);
  if (asked !== null) await checkTarget(asked);
  const checked = await client.checkRequest({
    ffmpeg_params: encodeRequest(given),
    output_name: asked === null ? null : basename(asked),
    input_name: inputName,
    has_subtitles: hasSubtitles,
  });
  const outputPath = asked ?? join(context.cwd, basename(checked.output_name));
  if (asked === null) await checkTarget(outputPath);
  return { input: source, outputName: asked === null ? null : basename(asked), outputPath, subtitles };
}

function printCompleted(job: JobView, proof: ProofView, outputPath: string, isJson: boolean, context: CommandContext) {
  if (isJson) {
    printEvent(context, "completed", { job_id: job.job_id, output: outputPath, proof });
    return;
  }
  const { frames } = proof;
  const verdict = proof.exact ? "exact" : "not proven exact";
  const took = formatSeconds(proof.wall_seconds);
  context.stderr.write(`${frames.in_output} of ${frames.expected} frames, ${verdict}, ${took}\n`);
  context.stdout.write(`${outputPath}\n`);
}

async function followAndSave(
  job: JobView,
  target: { readonly path: string; readonly mayOverwrite: boolean; readonly isJson: boolean },
  client: ApiClient,
  display: ProgressDisplay,
  context: CommandContext,
): Promise<void> {
  const notice = watchForClients((view) => display.note(waitingText(view, client.connection.server)));
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
  if (!target.mayOverwrite && (await exists(target.path))) throw outputExists(target.path, job.job_id);
  await saveOutput(client, last, target, target.isJson ? null : display, context.signal);
  const proof = await client.proof(job.job_id);
  display.end();
  printCompleted(last, proof, target.path, target.isJson, context);
}

async function makeJob(
  planned: Plan,
  given: SubmitOptions,
  client: ApiClient,
  display: ProgressDisplay,
  context: CommandContext,
): Promise<JobView> {
  const { checkSourceLocally } = await import("./wiring.ts");
  const source = await placeSource({
    client,
    input: planned.input,
    isOnServer: given["on-server"],
    checkBeforeUpload: (path) => checkSourceLocally(path, context.env),
    display: given.json ? null : display,
    signal: context.signal,
  });
  const subtitles =
    planned.subtitles === null ? null : await uploadSource(client, planned.subtitles, { onBytes() {} }, context.signal);
  return await client.createJob({
    source_id: source.source_id,
    subtitles_source_id: subtitles?.source_id ?? null,
    ffmpeg_params: encodeRequest(given),
    output_name: planned.outputName,
    required_clients: given["required-clients"],
    family: given.family,
    allow_mixed: given["allow-mixed"],
    wait_for_family: given["wait-for-family"],
    name: given.name,
    verify: given.verify,
  });
}

export const submit = defineCommand({
  path: ["submit"],
  summary: "Encode a video on the cluster and bring the result back",
  positionals: [{ name: "INPUT", description: "the video file" }],
  options,
  examples: [
    "ffcluster submit input.mp4",
    "ffcluster submit input.mp4 --participate",
    "ffcluster submit input.mkv --codec hevc --quality 70 --speed fast",
    'ffcluster submit input.mkv -o output.mkv --ffmpeg-params "-c:v libx265 -crf 24"',
    "ffcluster submit input.mp4 --subtitles german.srt",
    "ffcluster submit films/input.mp4 --on-server --detach",
  ],
  printsEvents: true,
  async run({ options: given, positionals, context }) {
    if (given.detach && given.participate) {
      const hint = "Leave one of them out; `ffcluster join` encodes without waiting for a job.";
      throw new AppError("E_USAGE", "--detach and --participate exclude each other", hint);
    }
    const client = await connect(given, context);
    const planned = await plan(positionals[0] ?? "", given, client, context);
    const display = createProgressDisplay(context.stderr);
    const participant = given.participate
      ? await participate(client.connection, resolve(context.cwd, given["work-dir"] ?? "work"), display, context)
      : null;
    let job: JobView | null = null;
    try {
      job = await makeJob(planned, given, client, display, context);
      if (given.json) printEvent(context, "submitted", { job_id: job.job_id });
      else if (given.detach) context.stdout.write(`${job.job_id}\n`);
      else display.note(`job ${job.job_id}`);
      if (given.detach) return 0;
      const target = { path: planned.outputPath, mayOverwrite: given.force, isJson: given.json };
      await followAndSave(job, target, client, display, context);
      return 0;
    } catch (thrown) {
      display.end();
      if (job === null || !context.signal.aborted) throw thrown;
      throw await settleInterrupted(client, job.job_id, context);
    } finally {
      display.end();
      await participant?.stop();
    }
  },
});
