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

/** What a call threw when something answered that does not speak as we do; null for anything that may pass. */
export function foreignProtocol(where: string, thrown: unknown): AppError | null {
  switch (errnoOf(thrown)) {
    case "Malformed_HTTP_Response":
    case "InvalidHTTPResponse":
      return noServer(where, "does not speak HTTP", OTHER_ADDRESS, thrown);
    case "EPROTO": {
      const hint = "If a server runs there, it may speak plain http: write http:// instead of https://.";
      return noServer(where, "does not speak TLS", hint, thrown);
    }
    default:
      return null;
  }
}
