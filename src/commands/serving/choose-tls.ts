// What `serve` does about TLS, from its options: files that the user gives, else a certificate of its own beyond loopback.
import { resolve } from "node:path";
import { isLoopback } from "../../api/server-address.ts";
import { AppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { isReadByOthers, readServerTls, type ServerTls } from "../../base/tls/tls-files.ts";

export type TlsChoice =
  /** Plain http; `isAsked`: although others can reach the server. */
  | { readonly kind: "off"; readonly isAsked: boolean }
  /** A certificate that is made and kept in the work directory. */
  | { readonly kind: "own" }
  | { readonly kind: "files"; readonly certPath: string; readonly keyPath: string; readonly tls: ServerTls };

interface TlsOptions {
  readonly host: string;
  readonly tls: "auto" | "off";
  readonly "tls-cert": string | null;
  readonly "tls-key": string | null;
}

/** Errors: E_USAGE for options that exclude each other or need one another, and those of readServerTls. */
export async function chooseTls(given: TlsOptions, cwd: string, log: Log): Promise<TlsChoice> {
  const { "tls-cert": cert, "tls-key": key } = given;
  if (given.tls === "off" && (cert !== null || key !== null)) {
    throw new AppError("E_USAGE", "--tls off and a certificate exclude each other", "Leave one of them out.");
  }
  if (given.tls === "off") return { kind: "off", isAsked: true };
  if (cert === null && key === null) return isLoopback(given.host) ? { kind: "off", isAsked: false } : { kind: "own" };
  if (cert === null || key === null) {
    const missing = cert === null ? "--tls-cert" : "--tls-key";
    throw new AppError("E_USAGE", `${missing} is missing`, "Give a certificate together with its key.");
  }
  const [certPath, keyPath] = [resolve(cwd, cert), resolve(cwd, key)];
  const tls = await readServerTls(certPath, keyPath);
  if (await isReadByOthers(keyPath)) log.warn(`other users can read the private key: chmod 600 ${key}`);
  if (tls.validTo.getTime() < Date.now()) log.warn(`the certificate has expired: ${tls.validTo.toISOString()}`);
  return { kind: "files", certPath, keyPath, tls };
}
