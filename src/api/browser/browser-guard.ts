// What a page in somebody's browser may do here. A page of another origin must not act with what the browser holds or
// reaches, nor a page whose name was pointed at this server (DNS rebinding); what a browser is given may run nothing.
import { isIP } from "node:net";
import { hostname } from "node:os";
import { AppError } from "../../base/errors.ts";

/** Browsers say so of each request that may change something, and of each WebSocket. */
const FROM_OWN_PAGE: readonly string[] = ["same-origin", "none"];
const SAFE_METHODS: readonly string[] = ["GET", "HEAD"];

const POLICY = "content-security-policy";

/**
 * On every answer: nothing of one may run, load, or be shown inside another page. The one page here has a policy of its own,
 * which lets in its style. No answer has a CORS header, so no page of another origin can read one.
 */
const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  [POLICY]: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Whether a page may change something by it. `isUpgrade`: to the link. */
export function mayChange({ method }: Request, isUpgrade: boolean): boolean {
  return isUpgrade || !SAFE_METHODS.includes(method);
}

export function withGuardHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(ANSWER_HEADERS)) {
    if (name !== POLICY || !response.headers.has(POLICY)) response.headers.set(name, value);
  }
  return response;
}

function refuse(message: string, hint: string): AppError {
  return new AppError("E_FORBIDDEN", message, hint);
}

/** The host of a `Host` header, without its port and brackets. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

export class BrowserGuard {
  readonly #names: ReadonlySet<string>;

  /** `names`: those the server was given, by its binding or in its certificate. Nobody can point an address elsewhere. */
  constructor(names: readonly string[]) {
    const own = hostname().toLowerCase();
    this.#names = new Set(["localhost", own, `${own}.local`, ...names.map((name) => name.toLowerCase())]);
  }

  /**
   * Programs send neither `Origin` nor `Sec-Fetch-Site`, and their token says who they are. Errors: E_FORBIDDEN.
   */
  check(request: Request, isUpgrade: boolean): void {
    const origin = request.headers.get("origin");
    const site = request.headers.get("sec-fetch-site");
    if (origin === null && site === null) return;
    const host = request.headers.get("host") ?? "";
    const name = nameOf(host);
    if (isIP(name) === 0 && !this.#names.has(name)) {
      const hint = "Use its address, or the name that it was given with --host or in its certificate.";
      throw refuse(`${JSON.stringify(name)} is no name of this server for a browser`, hint);
    }
    if (!mayChange(request, isUpgrade)) return;
    // As text: an Origin may be "null", which is no URL.
    if (origin !== null && origin !== `${new URL(request.url).protocol}//${host}`) {
      throw refuse(`requests from pages of ${JSON.stringify(origin)} are refused`, "Programs send no Origin.");
    }
    if (site !== null && !FROM_OWN_PAGE.includes(site)) {
      throw refuse("requests from pages of other sites are refused", "Programs send no Sec-Fetch-Site.");
    }
  }
}
