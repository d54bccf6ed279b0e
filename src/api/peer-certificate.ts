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
  const found = Promise.withResolvers<X509Certificate>();
  const socket = connect({
    host: server.host,
    port: server.port,
    servername: isIP(server.host) === 0 ? server.host : OWN_NAME,
    rejectUnauthorized: false,
  });
  const onAbort = () => found.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.setTimeout(ANSWER_WITHIN_MS, () => found.reject(new NoCertificate("ETIMEDOUT")));
  socket.once("error", (thrown) => found.reject(new NoCertificate(errnoOf(thrown) ?? "EPROTO", thrown)));
  socket.once("close", () => found.reject(new NoCertificate("ECONNRESET")));
  socket.once("secureConnect", () => {
    const { raw } = socket.getPeerCertificate();
    if (raw === undefined) found.reject(new NoCertificate("EPROTO"));
    else found.resolve(new X509Certificate(raw));
  });
  try {
    return await found.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
  }
}
