// Sessions of pages in browsers: a token is shown once and exchanged for a cookie that no script can read. The cookie
// stands for the token, which is checked at each request as if it were sent. Sessions live in memory and end with the
// server.
import { randomBytes } from "node:crypto";
import { AppError } from "../../base/errors.ts";
import { mayChange } from "./browser-guard.ts";

const LIFETIME_S = 12 * 60 * 60;
/** The oldest one ends when there are more. */
const MOST_SESSIONS = 1000;

interface Session {
  readonly token: string;
  readonly untilMs: number;
}

/** Cookies know no port: the name tells this server's from those of others on the same machine. */
function nameFor(request: Request): string {
  const { port, protocol } = new URL(request.url);
  return `ffcluster-${port === "" ? (protocol === "https:" ? "443" : "80") : port}`;
}

export class BrowserSessions {
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The value of `Set-Cookie` that begins a session. */
  open(request: Request, token: string): string {
    const id = randomBytes(32).toString("base64url");
    this.#sessions.set(id, { token, untilMs: this.#now() + LIFETIME_S * 1000 });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MOST_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
    return this.#cookie(request, id, LIFETIME_S);
  }

  /**
   * The token that the request's cookie stands for; null: there is no such session. A page of another port of this
   * machine sends the cookie along, too, so that whatever changes something must say that it comes from this server's
   * own page (browser-guard.ts compares it). Errors: E_FORBIDDEN.
   */
  tokenOf(request: Request, isUpgrade: boolean): string | null {
    const session = this.#sessions.get(this.#idOf(request) ?? "");
    if (session === undefined || session.untilMs <= this.#now()) return null;
    if (mayChange(request, isUpgrade) && !request.headers.has("origin")) {
      const hint = "Send `Authorization: Bearer TOKEN` instead of a cookie.";
      throw new AppError("E_FORBIDDEN", "a session of a browser changes nothing without an Origin", hint);
    }
    return session.token;
  }

  /** The value of `Set-Cookie` that ends the session. */
  close(request: Request): string {
    this.#sessions.delete(this.#idOf(request) ?? "");
    return this.#cookie(request, "", 0);
  }

  #idOf(request: Request): string | null {
    const header = request.headers.get("cookie");
    return header === null ? null : new Bun.CookieMap(header).get(nameFor(request));
  }

  #cookie(request: Request, value: string, maxAge: number): string {
    const secure = new URL(request.url).protocol === "https:";
    const options = { httpOnly: true, sameSite: "strict", path: "/", maxAge, secure } as const;
    return new Bun.Cookie(nameFor(request), value, options).toString();
  }
}
