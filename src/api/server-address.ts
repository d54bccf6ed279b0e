// Addresses of servers: `host`, `host:port`, `http(s)://host:port`, IPv6 in brackets; port 5001 when none is given. Without a
// scheme it is http on loopback and https beyond: nobody sends a token in clear over a network without saying so.
import { lookup } from "node:dns/promises";
import { hostname, networkInterfaces } from "node:os";
import { AppError } from "../base/errors.ts";

const DEFAULT_PORT = 5001;

export interface ServerAddress {
  readonly isTls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

/** As a user wrote it. */
export interface GivenAddress extends ServerAddress {
  /** False: `isTls` is the usual one for such a host. */
  readonly hasScheme: boolean;
}

function refuse(text: string): AppError {
  return new AppError(
    "E_BAD_OPTION",
    `${JSON.stringify(text)} is not a server address`,
    "Write host, host:port or http(s)://host:port, for example node-1:5001.",
  );
}

/** Errors: E_BAD_OPTION. */
export function parseServerAddress(text: string): GivenAddress {
  const match = /^(?:(https?):\/\/)?(\[[0-9a-f:.%]+\]|[^\s:/[\]@?#]+)(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  if (!match) {
    if (/^[0-9a-f:]+$/i.test(text) && text.split(":").length > 2)
      return { isTls: !isLoopback(text), hasScheme: false, host: text, port: DEFAULT_PORT };
    throw refuse(text);
  }
  const port = match[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (port < 1 || port > 65535) throw refuse(text);
  const host = (match[2] ?? "").replace(/^\[|\]$/g, "");
  const scheme = match[1]?.toLowerCase();
  const isTls = scheme === undefined ? !isLoopback(host) : scheme === "https";
  return { isTls, hasScheme: scheme !== undefined, host, port };
}

const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** `host:port`, for people and as the key of remembered tokens. */
export function hostPort(address: ServerAddress): string {
  return `${bracketed(address.host)}:${address.port}`;
}

/** As `--server` takes it. */
export function serverName(address: ServerAddress): string {
  if (address.isTls) return `https://${hostPort(address)}`;
  return `${isLoopback(address.host) ? "" : "http://"}${hostPort(address)}`;
}

export function baseUrl(address: ServerAddress): string {
  return `${address.isTls ? "https" : "http"}://${hostPort(address)}`;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}

export function isLoopback(host: string): boolean {
  return host.toLowerCase() === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Every interface of the machine. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || /^[0:]*:[0:]*$/.test(host);
}

/** True when the address names this machine: loopback, one of its interfaces, its own name. */
export function isThisMachine(address: ServerAddress): boolean {
  const host = address.host.toLowerCase();
  if (isLoopback(host)) return true;
  return host === hostname().toLowerCase() || ownAddresses().includes(host);
}

/** True for this machine's own name where that means 127.0.0.1 or ::1, as some systems have it. */
export async function isLoopbackName(host: string): Promise<boolean> {
  if (host.toLowerCase() !== hostname().toLowerCase()) return false;
  const found = await lookup(host).catch(() => null); // a name that nothing resolves is no address of loopback
  return found?.address === "127.0.0.1" || found?.address === "::1";
}

/** Where others reach a server that listens on `boundHost`: for "all interfaces" the first outward IPv4 address. */
export function outwardHost(boundHost: string): string {
  if (!isWildcard(boundHost)) return boundHost;
  const entries = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return entries.find((entry) => entry.family === "IPv4" && !entry.internal)?.address ?? hostname();
}

/** Each host:port by which this machine's user may address a server with this binding, or with a certificate of these names. */
export function localNames(boundHost: string, port: number, further: readonly string[] = []): string[] {
  const hosts = isWildcard(boundHost)
    ? ["localhost", "127.0.0.1", "::1", hostname(), outwardHost(boundHost)]
    : [boundHost, ...(boundHost === "127.0.0.1" || boundHost === "::1" ? ["localhost"] : [])];
  return [...new Set([...hosts, ...further].map((host) => `${bracketed(host.toLowerCase())}:${port}`))];
}
