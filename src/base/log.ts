// The log on stderr: a line per message, with its time. Secrets are masked. stdout is for answers only.
import { createConsola } from "consola";
import { printable, printableJson, printableLines } from "./printable.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** json: one document a line, for programs that collect logs. */
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** consola's numbers. */
const LEVELS: Record<LogLevel, number> = { error: 0, warn: 1, info: 3, debug: 4 };

function formatFields(fields: Record<string, unknown> | undefined): string {
  if (!fields) return "";
  return Object.entries(fields)
    .map(
      ([key, value]) =>
        ` ${key}=${printable(typeof value === "string" ? value : printableJson(JSON.stringify(value) ?? "undefined"))}`,
    )
    .join("");
}

export interface LogSink {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

/** The time of day is enough on a terminal; a log file needs the date and the zone, too. */
function moment(now: Date, isWatched: boolean): string {
  return isWatched ? now.toTimeString().slice(0, 8) : now.toISOString();
}

/** One line: time, level, message, then the fields as they are; text from outside can't end it. */
function jsonLine(date: Date, level: string, message: string, fields: Record<string, unknown> = {}): string {
  return printableJson(JSON.stringify({ time: date.toISOString(), level, message, ...fields }));
}

/** As createLog, a document a line: `time`, `level`, `message` and the fields, among them `job`, `segment`, `client`, `attempt`. */
export function createJsonLog(level: LogLevel, secrets: readonly string[], sink: LogSink = process.stderr): Log {
  const mask = (text: string) => withoutSecrets(text, secrets);
  const write = (at: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    if (LEVELS[at] <= LEVELS[level]) sink.write(`${mask(jsonLine(new Date(), at, message, fields))}\n`);
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** A secret that is a word of the language counts only where a secret stands: `token job`, `Bearer job`, `"job"`. */
const LOOKS_LIKE_A_WORD = /^[\p{L}]+$/u;
const LONGEST_WORD = 15;
const BEFORE_A_SECRET = "(token[\"']?[=: ]+[\"']?|[Bb]earer |[?&]key=)";

function patternOf(secret: string): RegExp {
  if (secret === "") return /(?!)/;
  const quoted = secret.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  if (secret.length > LONGEST_WORD) return new RegExp(`()${quoted}`, "gu");
  const whole = `${quoted}(?![\\p{L}\\d_])`;
  return LOOKS_LIKE_A_WORD.test(secret)
    ? new RegExp(`${BEFORE_A_SECRET}${whole}`, "gu")
    : new RegExp(`((?<![\\p{L}\\d_]))${whole}`, "gu");
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replace(patternOf(secret), "$1***"), text);
}

/** The log of a command. */
export function createLogAs(
  format: LogFormat,
  level: LogLevel,
  secrets: readonly string[],
  sink: LogSink = process.stderr,
): Log {
  return format === "json" ? createJsonLog(level, secrets, sink) : createLog(level, secrets, sink);
}

/** A log that writes lines to `sink` (stderr) and replaces every secret in `secrets` by `***`. */
export function createLog(level: LogLevel, secrets: readonly string[] = [], sink: LogSink = process.stderr): Log {
  const mask = (text: string) => withoutSecrets(text, secrets);
  const isWatched = sink.isTTY === true;
  const consola = createConsola({
    level: LEVELS[level],
    reporters: [
      {
        log({ date, type, args }) {
          const name = isWatched && type === "info" ? "" : `${type}: `;
          sink.write(`${moment(date, isWatched)} ${name}${args.join(" ")}\n`);
        },
      },
    ],
  });
  const line = (message: string, fields?: Record<string, unknown>) =>
    mask(printableLines(message) + formatFields(fields));
  return {
    debug: (message, fields) => consola.debug(line(message, fields)),
    info: (message, fields) => consola.info(line(message, fields)),
    warn: (message, fields) => consola.warn(line(message, fields)),
    error: (message, fields) => consola.error(line(message, fields)),
  };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
