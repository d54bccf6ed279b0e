// The first contact with a server whose certificate is known by its fingerprint alone: fetches the certificate and sends
// nothing else. The one place where a certificate is not checked by TLS itself; the caller compares it before any call.
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import { errnoOf } from "../base/errors.ts";
import { OWN_NAME } from "../base/tls/trust.ts";
import type { ServerAddress } from "./server-address.ts";

const ANSWER_WITHIN_MS = 10_000;

/** A failure of `fetchCertificate`, with the code of the socket's error. */
export class NoCertificate extends Error {
  readonly code: string;
  constructor(code: string, cause?: unknown) {
    super("the server shows no certificate", { cause });
    this.name = "NoCertificate";
    this.code = code;
  }
}

/** Errors: NoCertificate; the reason of `signal` when that is aborted. */
export async function fetchCertificate(server: ServerAddress, signal: AbortSignal): Promise<X509Certificate> {
  signal.throwIfAborted();
  const socket = connect({
    host: server.host,
    port: server.port,
    servername: isIP(server.host) === 0 ? server.host : OWN_NAME,
    rejectUnauthorized: false,
  });
  let onAbort = () => {};
  try {
    // Node 20, where the client library runs, has no Promise.withResolvers.
    return await new Promise<X509Certificate>((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      socket.setTimeout(ANSWER_WITHIN_MS, () => reject(new NoCertificate("ETIMEDOUT")));
      socket.once("error", (thrown) => reject(new NoCertificate(errnoOf(thrown) ?? "EPROTO", thrown)));
      socket.once("close", () => reject(new NoCertificate("ECONNRESET")));
      socket.once("secureConnect", () => {
        const { raw } = socket.getPeerCertificate();
        if (raw === undefined) reject(new NoCertificate("EPROTO"));
        else resolve(new X509Certificate(raw));
      });
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}
