// The talk on stderr: a line per message, with its moment. stdout belongs to answers; secrets are masked before a line
// leaves.
import { createConsola } from "consola";

export type LogLevel = "debug" | "info" | "warn" | "error";

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
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
}

export interface LogSink {
  readonly isTTY?: boolean;
  write(line: string): unknown;
}

/** For a person who watches the time of day is enough; a file is read later and elsewhere. */
function moment(now: Date, isWatched: boolean): string {
  return isWatched ? now.toTimeString().slice(0, 8) : now.toISOString();
}

/** A log that writes lines to `sink` (stderr) and replaces every secret in `secrets` by `***`. */
export function createLog(level: LogLevel, secrets: readonly string[] = [], sink: LogSink = process.stderr): Log {
  const mask = (text: string) =>
    secrets.reduce((masked, secret) => (secret === "" ? masked : masked.replaceAll(secret, "***")), text);
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
  const line = (message: string, fields?: Record<string, unknown>) => mask(message + formatFields(fields));
  return {
    debug: (message, fields) => consola.debug(line(message, fields)),
    info: (message, fields) => consola.info(line(message, fields)),
    warn: (message, fields) => consola.warn(line(message, fields)),
    error: (message, fields) => consola.error(line(message, fields)),
  };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
