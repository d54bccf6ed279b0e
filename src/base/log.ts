// The talk on stderr. stdout belongs to answers; secrets are masked before a line leaves.
import { createConsola } from "consola";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

const LEVELS: Record<LogLevel, number> = { error: 0, warn: 1, info: 3, debug: 4 };

function formatFields(fields: Record<string, unknown> | undefined): string {
  if (!fields) return "";
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
}

/** A log that writes lines to stderr and replaces every secret in `secrets` by `***`. */
export function createLog(level: LogLevel, secrets: readonly string[] = []): Log {
  const consola = createConsola({ level: LEVELS[level], stdout: process.stderr, stderr: process.stderr });
  const mask = (text: string) =>
    secrets.reduce((masked, secret) => (secret === "" ? masked : masked.replaceAll(secret, "***")), text);
  const line = (message: string, fields?: Record<string, unknown>) => mask(message + formatFields(fields));
  return {
    debug: (message, fields) => consola.debug(line(message, fields)),
    info: (message, fields) => consola.info(line(message, fields)),
    warn: (message, fields) => consola.warn(line(message, fields)),
    error: (message, fields) => consola.error(line(message, fields)),
  };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
