// Tells what answered an HTTP call when it was not our server: something else, for which waiting does not help, or a
// proxy whose server is not up. Knows no route and no caller.
import { AppError, errnoOf } from "./errors.ts";

/** What a proxy says of a server that is not up, and what any server says of itself for a while. */
const PASSING_STATUS = new Set([408, 425, 429, 500, 502, 503, 504]);

export function isPassingStatus(status: number): boolean {
  return PASSING_STATUS.has(status);
}

/** `where`: how the address was written for people. */
function noServer(where: string, does: string, hint: string, cause?: unknown): AppError {
  return new AppError("E_UNREACHABLE", `what answers at ${where} is no ffcluster server: it ${does}`, hint, { cause });
}

const OTHER_ADDRESS = "Name the address that `ffcluster serve` printed, with --server HOST:PORT.";

/** An answer without our error object, and not of a passing kind. */
export function foreignAnswer(where: string, response: Response): AppError {
  const target = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
  if (target === null) {
    const says = response.ok ? `answers in words of its own` : `answers ${response.status}`;
    return noServer(where, says, OTHER_ADDRESS);
  }
  const to = URL.canParse(target) ? new URL(target).origin : target;
  return noServer(where, `sends elsewhere, to ${to}`, `Name the server itself; if that is it, with --server ${to}.`);
}

const NAME_CA = "If it is the right server, name its certificate, or that of its authority, with --tls-ca FILE.";

/** What is wrong with a certificate, by the codes of OpenSSL and Node; null for anything else. */
function certificateFault(code: string | null): { readonly what: string; readonly hint: string } | null {
  switch (code) {
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "CERT_UNTRUSTED":
    case "UNKNOWN_CERTIFICATE_VERIFICATION_ERROR":
      return { what: "is signed by nobody who is trusted here", hint: NAME_CA };
    case "CERT_HAS_EXPIRED":
      return { what: "has expired", hint: "Give the server a new one, and look at this machine's clock." };
    case "CERT_NOT_YET_VALID":
      return { what: "is not valid yet", hint: "Look at this machine's clock." };
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return { what: "is for another name", hint: "Name the server in --server as its certificate does." };
    default:
      return null;
  }
}

/**
 * What a call to `server` threw when something answered that does not speak as we do, or can't be trusted; null for
 * anything that may pass. A connection that is closed without a word is tried with TLS.
 */
export async function foreignProtocol(server: URL, thrown: unknown): Promise<AppError | null> {
  const code = errnoOf(thrown);
  const fault = certificateFault(code);
  if (fault !== null) {
    const message = `the certificate of the server at ${server.host} ${fault.what}`;
    return new AppError("E_UNREACHABLE", message, fault.hint, { cause: thrown });
  }
  switch (code) {
    case "Malformed_HTTP_Response":
    case "InvalidHTTPResponse":
      return noServer(server.host, "does not speak HTTP", OTHER_ADDRESS, thrown);
    case "EPROTO": {
      const hint = `If a server runs there, it may speak plain http: --server http://${server.host}.`;
      return noServer(server.host, "does not speak TLS", hint, thrown);
    }
    case "ECONNRESET":
    case "ConnectionClosed": {
      if (server.protocol !== "http:" || !(await speaksTls(server))) return null;
      const message = `what answers at ${server.host} speaks https, and was asked in plain http`;
      return new AppError("E_UNREACHABLE", message, `Write --server https://${server.host}.`, { cause: thrown });
    }
    default:
      return null;
  }
}

const TLS_WITHIN_MS = 3000;

/** No token goes there, and nothing is believed of the answer but that it came. */
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

/** Nothing answered, in words; null when the error's own are better. */
export function silenceWords(where: string, thrown: unknown): string | null {
  switch (errnoOf(thrown)) {
    case "ECONNREFUSED":
    case "ConnectionRefused":
      return `no server answers at ${where}`;
    case "ENOTFOUND":
      return `no machine of the name in ${where} is known`;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `there is no way to ${where} from here`;
    case "ECONNRESET":
    case "ConnectionClosed":
      return `what answers at ${where} closes the connection`;
    default:
      return thrown instanceof Error && thrown.name === "TimeoutError" ? `no answer in time from ${where}` : null;
  }
}
