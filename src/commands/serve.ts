// `ffcluster serve`: owns the jobs of one work directory and answers the API until it is stopped.
import { resolve } from "node:path";
import {
  choiceOption,
  integerOption,
  listOption,
  optionalSeconds,
  optionalText,
  parsedOption,
  secondsOption,
  secondsOrForever,
  switchOption,
  textOption,
} from "../base/config/option.ts";
import { userConfigDir } from "../base/config/user-config-dir.ts";
import { AppError } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import { createLogAs } from "../base/log.ts";
import { asNoSpace } from "../base/no-space.ts";
import { defineCommand, printEvent } from "./cli/command.ts";
import { jsonOption, logOption, presetOption, sandboxOption } from "./cli/common-options.ts";
import { allPresets, presetViews } from "./presets/find-preset.ts";
import { withPreset } from "./presets/with-preset.ts";
import { AdminToken } from "./serving/admin-token.ts";
import { greeting, readyFields } from "./serving/announce.ts";
import { announceOnLan } from "./serving/announce-on-lan.ts";
import { chooseTls } from "./serving/choose-tls.ts";
import { stoppedText } from "./serving/cluster-news.ts";
import { collectorUrl } from "./serving/collector-url.ts";
import { pointAtOthers, rememberWorkFolder } from "./serving/work-folders.ts";
import { DEFAULT_BENCHMARK_SECONDS, DEFAULT_FFMPEG_PARAMS } from "./submitting/request-defaults.ts";

const DAY_S = 86_400;

const options = {
  host: parsedOption<string>({
    description: "Address to listen on",
    fallback: "0.0.0.0",
    parseOne: (text) => text.replace(/^\[(.*)\]$/, "$1"), // as in an address
  }),
  port: integerOption({
    description: "Port to listen on; 0: any free one",
    valueName: "PORT",
    min: 0,
    max: 65535,
    fallback: 5001,
  }),
  "work-dir": textOption({
    description: "Folder for jobs, files and the database",
    valueName: "DIR",
    fallback: "./work",
  }),
  token: optionalText({
    description: "Shared secret",
    valueName: "TOKEN",
    defaultText: "the one of the work directory; made at the first start",
  }),
  "required-clients": integerOption({
    description: "Clients a job waits for before it starts",
    valueName: "N",
    min: 1,
    max: 10_000,
    fallback: 1,
  }),
  "benchmark-duration": secondsOption({
    description: "Most seconds of video in a client's first segment of a job",
    min: 0.1,
    max: 3600,
    fallback: DEFAULT_BENCHMARK_SECONDS,
  }),
  "max-segment-duration": optionalSeconds({
    description: "Longest video in one segment",
    defaultText: "automatic",
    min: 0.1,
    max: 86_400,
  }),
  "ffmpeg-params": textOption({
    description: "Encode request of jobs that have none",
    valueName: "REQUEST",
    fallback: DEFAULT_FFMPEG_PARAMS,
  }),
  ...presetOption,
  "file-name-output": optionalText({
    description: "Output name of jobs that have none",
    valueName: "NAME",
    defaultText: "<input stem>.ffcluster.mp4",
  }),
  exactly: switchOption({
    description:
      "Exact frame accounting; false: accept sources whose frames cannot be counted, and split filters that remember every frame",
    fallback: true,
  }),
  verify: choiceOption({
    description: "Final check of an output: fast compares counts, times and digests; full also decodes all of it",
    choices: ["fast", "full"],
    fallback: "fast",
  }),
  "chunk-size": integerOption({
    description: "Bytes in one transfer block",
    valueName: "BYTES",
    min: 4096,
    max: 64 * 1024 * 1024,
    fallback: 1_048_576,
  }),
  "max-retries": integerOption({
    description: "Attempts of a segment after the first",
    valueName: "N",
    min: 0,
    max: 100,
    fallback: 3,
  }),
  "retry-delay": secondsOption({
    description: "Seconds between attempts of a segment",
    min: 0,
    max: 3600,
    fallback: 5,
  }),
  "jobs-per-minute": integerOption({
    description: "Most jobs that one token may make in a minute, and five times as many sources",
    valueName: "N",
    min: 1,
    max: 1_000_000,
    fallback: 120,
  }),
  keep: secondsOrForever({
    description: "How long to keep the files of finished jobs, outputs too; their history and proof stay",
    defaultText: "30d",
    min: 0,
    max: 3650 * DAY_S,
    fallback: 30 * DAY_S,
  }),
  "allow-private-webhooks": switchOption({
    description:
      "Let jobs of submitters name webhooks at addresses that are not public: this machine, the local network",
  }),
  "media-root": listOption({
    description: "Folder whose files `submit --on-server` may name (repeatable)",
    valueName: "DIR",
    parseOne: (text) => text,
  }),
  stores: optionalText({
    description: "JSON file that names object stores and hosts, with their keys, for s3:// and https:// in jobs",
    valueName: "FILE",
    defaultText: "https sources of the internet only",
  }),
  announce: switchOption({
    description: "Tell the local network that a server is here, so that `ffcluster join` finds its address",
    fallback: true,
  }),
  tls: choiceOption({
    description: "auto: https with a certificate of its own, and plain http on loopback; off: plain http for all",
    choices: ["auto", "off"],
    fallback: "auto",
  }),
  "tls-cert": optionalText({
    description: "Serve https and wss with this certificate (PEM, followed by its chain), with --tls-key",
    valueName: "FILE",
    defaultText: "one of its own beyond loopback",
  }),
  "tls-key": optionalText({ description: "The certificate's private key (PEM)", valueName: "FILE" }),
  traces: parsedOption<string | null>({
    description:
      "Send traces to this collector (OTLP over HTTP): one of each job, with a span for each attempt and each step of the server",
    valueName: "URL",
    fallback: null,
    variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
    parseOne: collectorUrl,
  }),
  metrics: choiceOption({
    description: "Who may read /metrics: token, with a token of the role read or admin; open, whoever reaches the port",
    choices: ["token", "open"],
    fallback: "token",
  }),
  ...sandboxOption,
  ...logOption,
  ...jsonOption,
};

const TLS_OFF =
  "TLS is off: whoever is on the network between the machines can read the token and the videos, and change them";
/** Nothing that the server writes is for other users of the machine. */
const OWNER_ONLY_UMASK = 0o077;

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

export const serve = defineCommand({
  path: ["serve"],
  summary: "Run the server: it takes jobs, gives segments to clients and joins the results",
  positionals: [],
  options,
  examples: [
    "ffcluster serve",
    "ffcluster serve --port 6000 --work-dir /srv/ffcluster --media-root /srv/films",
    "ffcluster serve --keep 7d",
    "ffcluster serve --keep forever",
    "FFCLUSTER_TOKEN=$(openssl rand -hex 16) ffcluster serve --required-clients 2",
    "ffcluster serve --tls-cert cert.pem --tls-key key.pem",
  ],
  printsEvents: false,
  async run({ options, origins, context }) {
    const given = await withPreset(options, origins, context);
    const { checkRequestLocally } = await import("./wiring/local-checks.ts");
    const { startServer } = await import("./wiring/start-server.ts");
    process.umask(OWNER_ONLY_UMASK);
    checkRequestLocally(given["ffmpeg-params"], given["file-name-output"]);
    const workDir = resolve(context.cwd, given["work-dir"]);
    const secrets: string[] = [];
    const log = createLogAs(given["log-format"], given["log-level"], secrets);
    const admin = await AdminToken.choose({ given: given.token, workDir, host: given.host, context, log, secrets });
    const tls = await chooseTls(given, context.cwd, log);
    if (tls.kind === "off" && tls.isAsked) log.warn(TLS_OFF);
    const mediaRoots = given["media-root"].map((root) => resolve(context.cwd, root));
    for (const root of mediaRoots) {
      if (!(await exists(root))) log.warn(`the media root ${root} does not exist yet, so no file below it can be used`);
    }
    if (origins["work-dir"] === "default") await pointAtOthers(userConfigDir(context.env), workDir, log);
    context.setLastWords(
      new AppError(
        "E_INTERRUPTED",
        "stopped at once",
        "Nothing is lost: jobs continue when the server is started again.",
      ),
    );
    const broken = Promise.withResolvers<never>();
    const server = await startServer({
      env: context.env,
      sandbox: given.sandbox,
      host: given.host,
      port: given.port,
      tls,
      workDir,
      token: admin.token,
      keepAdminToken: (token) => admin.change(token),
      requiredClients: given["required-clients"],
      benchmarkSeconds: given["benchmark-duration"],
      maxSegmentSeconds: given["max-segment-duration"],
      ffmpegParams: given["ffmpeg-params"],
      fileNameOutput: given["file-name-output"],
      exactly: given.exactly,
      verify: given.verify,
      chunkBytes: given["chunk-size"],
      maxRetries: given["max-retries"],
      allowPrivateWebhooks: given["allow-private-webhooks"],
      traces: given.traces,
      isMetricsOpen: given.metrics === "open",
      jobsPerMinute: given["jobs-per-minute"],
      retryDelayMs: given["retry-delay"] * 1000,
      keepMs: given.keep === null ? null : given.keep * 1000,
      isKeepChosen: origins.keep !== "default",
      mediaRoots,
      onNews: given["log-format"] === "json" ? () => undefined : (line) => log.info(line),
      presets: presetViews(await allPresets(context.cwd)),
      storesFile: given.stores === null ? null : resolve(context.cwd, given.stores),
      log,
      // A program that sees /healthz answer must find the token; a server that can't start must not hide another's.
      beforeAnswering: async (bound) => {
        await admin.publish(bound);
        await rememberWorkFolder(userConfigDir(context.env), workDir, log);
      },
      onBroken: (cause) =>
        broken.reject(asNoSpace(cause, workDir, "Free some space there and start the server again.")),
    });
    const announced = given.announce ? await announceOnLan(given.host, server, log) : null;
    try {
      // A program that collects the log needs no join line.
      if (given["log-format"] === "json") log.info("the server is ready", { ...readyFields(given.host, server) });
      else context.stderr.write(greeting(given, workDir, admin.token, server));
      if (given.json) printEvent(context, "ready", readyFields(given.host, server));
      await Promise.race([untilAborted(context.signal), broken.promise]);
    } finally {
      const openJobs = server.openJobs();
      await announced?.stop();
      await server.stop();
      if (given["log-format"] === "text") context.stderr.write(`${stoppedText(openJobs)}\n`);
    }
    return context.signal.reason?.cause === "SIGINT" ? 130 : 0;
  },
});
