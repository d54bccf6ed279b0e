// Explains HTTP answers that are not from our server: another program, which no waiting changes, or a proxy whose server is
// down. Knows no route and no caller.
import { AppError, errnoOf } from "./errors.ts";
import type { Trust } from "./tls/trust.ts";

/** Sent by a proxy whose server is down, or by a server that is busy for a while. */
const PASSING_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

export function isPassingStatus(status: number): boolean {
  return PASSING_STATUS.has(status);
}

/** `where`: the address as people write it. */
function noServer(where: string, does: string, hint: string, cause?: unknown): AppError {
  return new AppError(
    "E_UNREACHABLE",
    `the program that answers at ${where} is no ffcluster server: it ${does}`,
    hint,
    { cause },
  );
}

const OTHER_ADDRESS = "Name the address that `ffcluster serve` printed, with --server HOST:PORT.";

/** For an answer without our error object whose status is not a passing one. */
export function foreignAnswer(where: string, response: Response): AppError {
  const target = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
  if (target === null) {
    const says = response.ok ? "answers in another format" : `answers ${response.status}`;
    return noServer(where, says, OTHER_ADDRESS);
  }
  const to = URL.canParse(target) ? new URL(target).origin : target;
  return noServer(where, `redirects to ${to}`, `If the server is there, use --server ${to}.`);
}

const NAME_IT =
  "Paste the join line that `ffcluster serve` printed, or add its --tls-fingerprint here; else name the certificate, or that of its authority, with --tls-ca FILE.";

interface CertificateFault {
  readonly what: string;
  readonly hint: string;
  readonly isOfTime?: boolean;
}

/** For a server whose certificate is another than the one that is known here. */
export function otherCertificate(where: string, options: { readonly cause?: unknown } = {}): AppError {
  return new AppError(
    "E_CERTIFICATE",
    `the server at ${where} shows another certificate than the one that is known here; nothing was sent to it`,
    "If its owner gave it a new one, add the --tls-fingerprint of its new join line; else somebody may stand in between.",
    options,
  );
}

/** What is wrong with a certificate, by the error codes of OpenSSL and Node; null: another error. */
function certificateFault(code: string | null): CertificateFault | null {
  switch (code) {
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "CERT_UNTRUSTED":
    case "UNKNOWN_CERTIFICATE_VERIFICATION_ERROR":
      return { what: "is signed by an authority that this machine does not trust", hint: NAME_IT };
    case "CERT_HAS_EXPIRED":
      return {
        what: "has expired",
        hint: "Give the server a new one, and check this machine's clock.",
        isOfTime: true,
      };
    case "CERT_NOT_YET_VALID":
      return { what: "is not valid yet", hint: "Check this machine's clock.", isOfTime: true };
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return { what: "is for another name", hint: "Give --server a name that stands in the certificate." };
    default:
      return null;
  }
}

/**
 * Explains what a call to `server` threw when the other side speaks another protocol or can't be trusted; null for anything
 * that may pass. Where the other side just closes the connection, TLS is tried. `trust`: what the call believed.
 */
export async function foreignProtocol(server: URL, thrown: unknown, trust?: Trust): Promise<AppError | null> {
  const code = errnoOf(thrown);
  const fault = certificateFault(code);
  if (fault !== null && trust?.serverName !== undefined && !fault.isOfTime) {
    return otherCertificate(server.host, { cause: thrown });
  }
  if (fault !== null) {
    const message = `the certificate of the server at ${server.host} ${fault.what}`;
    return new AppError("E_CERTIFICATE", message, fault.hint, { cause: thrown });
  }
  switch (code) {
    case "Malformed_HTTP_Response":
    case "InvalidHTTPResponse":
      return noServer(server.host, "does not speak HTTP", OTHER_ADDRESS, thrown);
    case "EPROTO":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_HTTP_REQUEST": {
      const hint = `It may speak plain http: --server http://${server.host}. Beyond this machine others can then read what is sent.`;
      return noServer(server.host, "does not speak TLS", hint, thrown);
    }
    case "ECONNRESET":
    case "ConnectionClosed": {
      if (server.protocol !== "http:" || !(await speaksTls(server))) return null;
      const message = `the server at ${server.host} speaks https, and was called with plain http`;
      return new AppError("E_UNREACHABLE", message, `Write --server https://${server.host}.`, { cause: thrown });
    }
    default:
      return null;
  }
}

const TLS_WITHIN_MS = 3000;

/** Sends no token, and only looks whether an answer comes. */
async function speaksTls(server: URL): Promise<boolean> {
  const url = new URL(server);
  url.protocol = "https:";
  try {
    await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(TLS_WITHIN_MS) });
    return true;
  } catch (thrown) {
    return certificateFault(errnoOf(thrown)) !== null;
  }
}

/** Describes why nothing answered; null when the error's own message is better. */
export function silenceWords(where: string, thrown: unknown): string | null {
  switch (errnoOf(thrown)) {
    case "ECONNREFUSED":
    case "ConnectionRefused":
      return `no server answers at ${where}`;
    case "ENOTFOUND":
      return `cannot resolve "${where.replace(/:\d+$/, "")}"`;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `this machine has no route to ${where}`;
    case "ECONNRESET":
    case "ConnectionClosed":
      return `the program at ${where} closes the connection`;
    default:
      return thrown instanceof Error && thrown.name === "TimeoutError" ? `no answer in time from ${where}` : null;
  }
}
