// The talk on stderr: a line per message, with its moment. stdout belongs to answers; secrets are masked before a line
// leaves.

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

const LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];

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
  const at = (of: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    if (LEVELS.indexOf(of) > LEVELS.indexOf(level)) return;
    const isWatched = sink.isTTY === true;
    const name = isWatched && of === "info" ? "" : `${of}: `;
    sink.write(`${moment(new Date(), isWatched)} ${name}${mask(message + formatFields(fields))}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
