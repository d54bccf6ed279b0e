// Addresses of servers: `host`, `host:port`, `http(s)://host:port`, IPv6 in brackets; port 5001 when none is given.
import { hostname, networkInterfaces } from "node:os";
import { AppError } from "../base/errors.ts";

const DEFAULT_PORT = 5001;

export interface ServerAddress {
  readonly isTls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

function refuse(text: string): AppError {
  return new AppError(
    "E_BAD_OPTION",
    `${JSON.stringify(text)} is not a server address`,
    "Write host, host:port or http(s)://host:port, for example node-1:5001.",
  );
}

/** Errors: E_BAD_OPTION. */
export function parseServerAddress(text: string): ServerAddress {
  const match = /^(?:(https?):\/\/)?(\[[0-9a-f:.%]+\]|[^\s:/[\]@?#]+)(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  if (!match) {
    if (/^[0-9a-f:]+$/i.test(text) && text.split(":").length > 2)
      return { isTls: false, host: text, port: DEFAULT_PORT };
    throw refuse(text);
  }
  const port = match[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (port < 1 || port > 65535) throw refuse(text);
  return { isTls: match[1]?.toLowerCase() === "https", host: (match[2] ?? "").replace(/^\[|\]$/g, ""), port };
}

const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** `host:port`, for people and as the key of remembered tokens. */
export function hostPort(address: ServerAddress): string {
  return `${bracketed(address.host)}:${address.port}`;
}

/** As `--server` takes it. */
export function serverName(address: ServerAddress): string {
  return `${address.isTls ? "https://" : ""}${hostPort(address)}`;
}

export function baseUrl(address: ServerAddress): string {
  return `${address.isTls ? "https" : "http"}://${hostPort(address)}`;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** True when the address names this machine: loopback, one of its interfaces, its own name. */
export function isThisMachine(address: ServerAddress): boolean {
  const host = address.host.toLowerCase();
  if (isLoopback(host)) return true;
  return host === hostname().toLowerCase() || ownAddresses().includes(host);
}

/** Where others reach a server that listens on `boundHost`: for "all interfaces" the first outward IPv4 address. */
export function outwardHost(boundHost: string): string {
  if (boundHost !== "0.0.0.0" && boundHost !== "::") return boundHost;
  const entries = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return entries.find((entry) => entry.family === "IPv4" && !entry.internal)?.address ?? hostname();
}

/** Each host:port by which this machine's user may address a server with this binding, or with a certificate of these names. */
export function localNames(boundHost: string, port: number, further: readonly string[] = []): string[] {
  const hosts =
    boundHost === "0.0.0.0" || boundHost === "::"
      ? ["localhost", "127.0.0.1", "::1", hostname(), outwardHost(boundHost)]
      : [boundHost, ...(boundHost === "127.0.0.1" || boundHost === "::1" ? ["localhost"] : [])];
  return [...new Set([...hosts, ...further].map((host) => `${bracketed(host.toLowerCase())}:${port}`))];
}
