// What of the requests goes into the audit log, and under which names. A route that may change something and has no name
// here does not compile.
import type { Principal } from "../cluster/protocol/roles.ts";
import type { AuditEntryView } from "../cluster/server/views.ts";
import type { RouteKey } from "./access.ts";
import { ERROR_CODE_HEADER } from "./responses.ts";

type Changing = Extract<RouteKey, `${"DELETE" | "PATCH" | "POST"} ${string}`>;

/** Null: nothing of it is written, or the handler says what it was. */
const CHANGES: Readonly<Record<Changing, string | null>> = {
  "POST /api/v1/requests/check": null,
  "POST /api/v1/sources/:id/preview": null,
  "POST /api/v1/sources": "source-upload-begin",
  "PATCH /api/v1/sources/:id": "source-upload",
  "POST /api/v1/sources/local": "source-offer",
  "POST /api/v1/sources/local/:challengeId": "source-prove",
  "POST /api/v1/sources/on-server": "source-open",
  "POST /api/v1/tus": "source-upload-begin",
  "PATCH /api/v1/tus/:id": "source-upload",
  "DELETE /api/v1/tus/:id": "source-upload-end",
  "POST /api/v1/tus/:id": null,
  "POST /api/v1/jobs": "job-create",
  "POST /api/v1/jobs/:id/cancel": "job-cancel",
  "POST /api/v1/jobs/:id/move": "job-move",
  "POST /api/v1/jobs/:id/retry": "job-retry",
  "POST /api/v1/clients/:id/disconnect": "client-disconnect",
  "POST /api/v1/clients/:id/drain": "client-drain",
  "POST /api/v1/clients/:id/pause": "client-pause",
  "POST /api/v1/clients/:id/resume": "client-resume",
  "POST /api/v1/tokens": "token-create",
  "POST /api/v1/tokens/:name/revoke": "token-revoke",
  "POST /api/v1/tokens/:name/rotate": "token-rotate",
  "POST /api/v1/webhooks": "webhook-create",
  "DELETE /api/v1/webhooks/:name": "webhook-remove",
  "POST /api/v1/webhooks/:name/test": "webhook-test",
  "POST /api/v1/enrol": "client-enrol",
  "POST /api/v1/session": "session-open",
  "DELETE /api/v1/session": "session-close",
  "PATCH /api/v1/attempts/:id/result": "result",
  "POST /ws/command": null,
};

/** What is read and worth knowing, too. */
const READS: Partial<Record<RouteKey, string>> = {
  "GET /api/v1/link": "link-open",
  "GET /ws/command": "commands-open",
  "GET /api/v1/jobs/:id/output": "output-download",
};

const NAMES: Partial<Record<RouteKey, string | null>> = { ...CHANGES, ...READS };
/** A stranger's request, or one that found no route. */
const UNNAMED = "request";
const LONGEST_OBJECT = 200;
const REFUSED_AT_THE_DOOR: readonly string[] = ["E_TOKEN", "E_FORBIDDEN"];

/** One request on its way through the router, which tells what it finds out. */
export class AuditTrace {
  readonly #request: Request;
  /** Where the request came from. */
  readonly address: string;
  #key: RouteKey | null = null;
  #who: Principal | null = null;
  #action: string | null = null;
  #object: string | null = null;

  constructor(request: Request, address: string) {
    this.#request = request;
    this.address = address;
  }

  heard(who: Principal): void {
    this.#who = who;
  }

  found(key: RouteKey, object: string | null): void {
    this.#key = key;
    this.#object = object;
    this.#action = NAMES[key] ?? null;
  }

  /** What the request is about, where its path does not say so; and what it does, where one path does several things. */
  about(object: string | null, sameAs: RouteKey | null = null): void {
    this.#object = object;
    if (sameAs !== null) this.#action = NAMES[sameAs] ?? null;
  }

  /** The entry, or null when there is none. `response`: undefined when the connection became a WebSocket. */
  end(response: Response | undefined, at: string): AuditEntryView | null {
    const code = response?.headers.get(ERROR_CODE_HEADER) ?? null;
    const isFailure = response !== undefined && response.status >= 400;
    const isRefused = code !== null && REFUSED_AT_THE_DOOR.includes(code);
    if (!isRefused && (this.#action === null || !this.#counts(response, isFailure))) return null;
    const who = this.#who;
    return {
      at,
      action: this.#action ?? UNNAMED,
      token: who?.name ?? null,
      token_id: who?.tokenId ?? null,
      role: who?.role ?? null,
      client_id: who?.clientId ?? null,
      address: this.address,
      object: (this.#object ?? (this.#key === null ? pathOf(this.#request) : null))?.slice(0, LONGEST_OBJECT) ?? null,
      result: isFailure ? (code ?? `status ${response.status}`) : "ok",
      times: 1,
    };
  }

  /** Of an upload in pieces the end, of a download the beginning: on a bad line there are very many. */
  #counts(response: Response | undefined, isFailure: boolean): boolean {
    if (this.#request.method === "PATCH") return response?.headers.get("upload-complete") === "?1";
    if (this.#request.method === "GET" && response !== undefined) {
      const range = this.#request.headers.get("range");
      return !isFailure && response.status !== 304 && (range === null || /^bytes=0-/.test(range));
    }
    return true;
  }
}

function pathOf(request: Request): string {
  return `${request.method} ${new URL(request.url).pathname}`;
}

/** The same refusal again and again is one entry a minute, which says how many they were. */
const EVERY_MS = 60_000;
const MOST_KINDS = 1000;

export class AuditLimiter {
  readonly #now: () => number;
  readonly #kinds = new Map<string, { untilMs: number; withheld: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The entry to write, or null. What succeeded is always written. */
  pass(entry: AuditEntryView): AuditEntryView | null {
    if (entry.result === "ok") return entry;
    const kind = [entry.address, entry.token_id, entry.action, entry.result].join(" ");
    const known = this.#kinds.get(kind);
    const now = this.#now();
    if (known !== undefined && now < known.untilMs) {
      known.withheld += 1;
      return null;
    }
    this.#kinds.delete(kind);
    this.#kinds.set(kind, { untilMs: now + EVERY_MS, withheld: 0 });
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MOST_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
    return { ...entry, times: 1 + (known?.withheld ?? 0) };
  }
}
