// `ffcluster join`: encodes for a server until it is stopped.
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Connection } from "../api/http-call.ts";
import { type GivenAddress, hostPort, parseServerAddress } from "../api/server-address.ts";
import { delay } from "../base/clock.ts";
import {
  BadValue,
  choiceOption,
  listOption,
  type OptionValues,
  optionalInteger,
  optionalSeconds,
  optionalText,
  parsedOption,
  secondsOption,
  switchOption,
  textOption,
} from "../base/config/option.ts";
import type { OptionOrigin } from "../base/config/resolve-options.ts";
import { AppError } from "../base/errors.ts";
import { createLogAs, type Log } from "../base/log.ts";
import { HARDWARE_FAMILIES } from "../media/model/encoder-family.ts";
import { type CommandContext, defineCommand } from "./cli/command.ts";
import { jsonOption, logOption, sandboxOption, serverOptions } from "./cli/common-options.ts";
import { connectionTo } from "./cli/connect.ts";
import { chooseServer } from "./joining/choose-server.ts";
import { restOptions, restRules } from "./joining/rest-options.ts";
import { tellClient } from "./joining/tell-client.ts";
import { createLiveArea, type LiveArea } from "./output/live/live-area.ts";
import { DEFAULT_STALL_SECONDS } from "./submitting/request-defaults.ts";

/** Less than the ten seconds that service managers and container runtimes leave between SIGTERM and SIGKILL. */
const DRAIN_SECONDS = 8;

export interface PathMap {
  readonly server: string;
  readonly client: string;
}

function parsePathMap(text: string): PathMap {
  const equals = text.indexOf("=");
  const server = text.slice(0, equals);
  const client = text.slice(equals + 1);
  if (equals < 1 || client === "") throw new BadValue("expected /on/server=/on/this/client");
  return { server, client };
}

function parseSlots(text: string): number | "auto" {
  if (text.toLowerCase() === "auto") return "auto";
  const slots = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (slots < 1 || slots > 256) throw new BadValue("expected auto or a whole number from 1 to 256");
  return slots;
}

const options = {
  ...serverOptions,
  "server-ip": optionalText({ description: "The server's host, with --server-port", valueName: "HOST" }),
  "server-port": optionalInteger({ description: "The server's port", valueName: "PORT", min: 1, max: 65535 }),
  name: optionalText({ description: "Name that lists show", defaultText: "the host's name" }),
  "work-dir": textOption({
    description: "Folder for cache, segments and identity",
    valueName: "DIR",
    fallback: "./work",
  }),
  slots: parsedOption<number | "auto">({
    description: "Encodes at a time; auto: from the cores, then from measurements",
    valueName: "N|auto",
    fallback: "auto",
    parseOne: parseSlots,
  }),
  "hw-accel": choiceOption({
    description: "Hardware encoders to offer",
    choices: ["auto", "none", ...HARDWARE_FAMILIES],
    fallback: "auto",
  }),
  "reconnect-delay": secondsOption({
    description: "First wait before it reconnects; it grows, with jitter",
    min: 0.1,
    max: 3600,
    fallback: 3,
  }),
  persistent: switchOption({ description: "Keep trying to reach the server", fallback: true }),
  "path-map": listOption({
    description: "A shared mount: the folder on the server and here (repeatable)",
    valueName: "/SERVER=/HERE",
    parseOne: parsePathMap,
  }),
  "source-access": choiceOption({
    description:
      "Read sources as files (direct), over the network (gateway), or as files if they prove to be the same (auto)",
    choices: ["auto", "direct", "gateway"],
    fallback: "auto",
  }),
  "hw-decode": choiceOption({
    description: "Decode on the GPU that encodes; what it can't decode goes to the CPU",
    choices: ["auto", "none"],
    fallback: "none",
  }),
  nice: switchOption({
    description: "Run ffmpeg at low priority, so that the machine stays usable",
    fallback: true,
  }),
  ...restOptions,
  "stall-timeout": secondsOption({
    description: "Give up an encode that shows no sign of work for this long",
    min: 2,
    max: 3600,
    fallback: DEFAULT_STALL_SECONDS,
  }),
  "benchmark-duration": optionalSeconds({
    description: "Most seconds of video in the first segment of a job",
    defaultText: "the server's",
    min: 0.1,
    max: 3600,
  }),
  "drain-timeout": secondsOption({
    description: "When it is stopped: finish what takes less than this, and give the rest back at once",
    min: 0,
    max: 86_400,
    fallback: DRAIN_SECONDS,
  }),
  ...sandboxOption,
  ...logOption,
  ...jsonOption,
};

interface AddressOptions {
  readonly server: string;
  readonly "server-ip": string | null;
  readonly "server-port": number | null;
}

/** --server-ip and --server-port win unless --server comes from a place of higher precedence. */
export function chooseAddress(
  given: AddressOptions,
  origins: { readonly [K in keyof AddressOptions]: OptionOrigin },
): GivenAddress {
  const rank = { flag: 3, environment: 2, file: 1, default: 0 };
  const inParts = Math.max(rank[origins["server-ip"]], rank[origins["server-port"]]);
  const whole = parseServerAddress(given.server);
  if (inParts === 0 || rank[origins.server] > inParts) return whole;
  const host = given["server-ip"] === null ? whole : parseServerAddress(given["server-ip"]);
  return { ...host, port: given["server-port"] ?? host.port };
}

/** A server whose certificate must be fetched first may not be up yet. Null: stopped while it waited. */
async function connectionWhenUp(
  server: GivenAddress,
  given: Parameters<typeof connectionTo>[1] & { readonly persistent: boolean; readonly "reconnect-delay": number },
  context: CommandContext,
  log: Log,
): Promise<Connection | null> {
  for (;;) {
    try {
      return await connectionTo(server, given, context);
    } catch (thrown) {
      if (context.signal.aborted) return null;
      if (!(thrown instanceof AppError && thrown.retry && given.persistent)) throw thrown;
      log.warn(`${thrown.message}; trying again in ${given["reconnect-delay"]} s`);
      await delay(given["reconnect-delay"] * 1000, context.signal);
    }
  }
}

interface Joining {
  readonly given: OptionValues<typeof options>;
  readonly origins: { readonly [K in keyof typeof options]: OptionOrigin };
  readonly context: CommandContext;
  readonly area: LiveArea;
}

async function encodeUntilStopped({ given, origins, context, area }: Joining): Promise<void> {
  const { startClient } = await import("./wiring/start-client.ts");
  const secrets = given.token === null ? [] : [given.token];
  const logSink = { isTTY: context.stderr.isTty, write: (line: string) => area.print(line) };
  const log = createLogAs(given["log-format"], given["log-level"], secrets, logSink);
  const isNamed = [origins.server, origins["server-ip"], origins["server-port"]].some((from) => from !== "default");
  const named = chooseAddress(given, origins);
  const server = isNamed ? named : await chooseServer(named, given, context, log);
  log.info(`Joining ${hostPort(server)}.`);
  area.show(() => ["Looking at what this machine can encode…"]);
  const connection = await connectionWhenUp(server, given, context, log);
  if (connection === null) return;
  if (connection.token !== null) secrets.push(connection.token);
  context.setLastWords(
    new AppError("E_INTERRUPTED", "stopped at once", "Segments that were encoded here go to another client."),
  );
  const names = { server: hostPort(server), client: given.name ?? hostname() };
  const client = await startClient(
    {
      connection,
      env: context.env,
      sandbox: given.sandbox,
      name: names.client,
      workDir: resolve(context.cwd, given["work-dir"]),
      slots: given.slots,
      hwAccel: given["hw-accel"],
      reconnectDelayMs: given["reconnect-delay"] * 1000,
      isPersistent: given.persistent,
      pathMaps: given["path-map"],
      sourceAccess: given["source-access"],
      benchmarkSeconds: given["benchmark-duration"],
      finishWithinMs: given["drain-timeout"] * 1000,
      stallSeconds: given["stall-timeout"],
      isNice: given.nice,
      rest: restRules(given),
      maxCpu: given["max-cpu"],
      hwDecode: given["hw-decode"] === "auto",
      log,
      onStatus: tellClient({ names, log, area, isJson: given["log-format"] === "json" }),
    },
    context.signal,
  );
  await client.ended;
}

export const join = defineCommand({
  path: ["join"],
  summary: "Encode for a server on this machine",
  positionals: [],
  options,
  examples: [
    "ffcluster join",
    "ffcluster join --server https://node-1:5001 --token TOKEN --tls-fingerprint HEX",
    "ffcluster join --slots 2 --hw-accel none",
    'ffcluster join --schedule "mon-fri 22:00-07:00; sat,sun 00:00-24:00" --only-on-ac',
    "ffcluster join --path-map /srv/films=/mnt/films",
  ],
  printsEvents: false,
  async run({ options, origins, context }) {
    process.umask(0o077); // sources and segments are for this user alone
    const isJson = options["log-format"] === "json";
    const area = createLiveArea(isJson ? { ...context.stderr, isTty: false } : context.stderr);
    try {
      await encodeUntilStopped({ given: options, origins, context, area });
    } finally {
      area.end();
    }
    return context.signal.reason?.cause === "SIGINT" ? 130 : 0;
  },
});
