// Finds the handler of a request by method and path, and lets the caller through by the table of access.ts. Unknown path:
// 404; known path with another method: 405. Patterns are plain segments; `:name` matches one segment.
import { AppError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Principal } from "../cluster/protocol/roles.ts";
import type { Coordinator } from "../cluster/server/ports.ts";
import { admit, isForAnyone, type RouteKey } from "./access.ts";
import type { AuditTrace } from "./audit.ts";
import type { OutwardAddress } from "./contract.ts";
import type { OpenSocket } from "./link.ts";
import type { Limited } from "./rate-limits.ts";
import { ERROR_CODE_HEADER, errorResponse } from "./responses.ts";

export interface ApiServices {
  readonly coordinator: Coordinator;
  readonly version: string;
  readonly log: Log;
  /** How other machines reach this server; absent: as whoever asks does. */
  readonly outward?: () => OutwardAddress;
  /** `/metrics` needs no token. */
  readonly isMetricsOpen?: boolean;
}

export interface Call extends ApiServices {
  readonly request: Request;
  readonly url: URL;
  readonly who: Principal;
  /** Makes a WebSocket of the connection; false: the request asked for none. */
  upgrade(open: OpenSocket): boolean;
  /** Answers one more request on a connection that stays open; it has an entry of its own in the audit log. */
  again(request: Request, answer: (call: Call) => Promise<Response>): Promise<Response>;
  /** The connection is cut when the caller's token ends. False: nothing can cut it; what is sent is an `endingBody`. */
  cutWhenEnded(): boolean;
  /** A piece of the answer goes out, and the connection may be idle for as long again. */
  hasMoved(): void;
  /** The caller's token itself, which is kept nowhere. */
  shownToken(): string;
  /** The `Set-Cookie` that begins a browser's session with the caller's token, and the one that ends it. */
  openSession(): string;
  closeSession(): string;
  /** Counts what the caller's token may do only so often. Errors: E_RATE_LIMIT. */
  spend(what: Limited): void;
  /** Counts an open stream of the caller's token until the answer is called. Errors: E_RATE_LIMIT. */
  holdStream(): () => void;
  /** For the audit log: what the request is about, where its path does not say so; and what it does. */
  about(object: string, sameAs?: RouteKey): void;
  /** The value of `:name` in the pattern, decoded. */
  param(name: string): string;
}

/** Undefined: the connection is a WebSocket now. */
export type Handler = (call: Call) => Response | undefined | Promise<Response>;

export interface Route {
  readonly key: RouteKey;
  readonly handle: Handler;
}

export function route(key: RouteKey, handle: Handler): Route {
  return { key, handle };
}

/** What the server knows of a request beside its text. */
export interface Door {
  /** Errors: E_TOKEN. */
  authenticate(): Promise<Principal>;
  cutWhenEnded(who: Principal): boolean;
  hasMoved(): void;
  spend(who: Principal, what: Limited): void;
  holdStream(who: Principal): () => void;
  upgrade(open: OpenSocket): boolean;
  shownToken(): string;
  again(request: Request, who: Principal, answer: (trace: AuditTrace) => Promise<Response>): Promise<Response>;
  openSession(): string;
  closeSession(): string;
  readonly trace: AuditTrace;
}

/** The holder of no token, where none is needed. */
const NOBODY: Principal = {
  tokenId: "",
  name: "",
  role: "read",
  clientId: null,
  ended: new AbortController().signal,
};

const METRICS: RouteKey = "GET /metrics";

type Params = ReadonlyMap<string, string>;

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new AppError("E_MALFORMED", "the path is not valid percent-encoding", "Encode the id.", { cause });
  }
}

function matchPath(pattern: string, path: string): Params | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const params = new Map<string, string>();
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith(":")) {
      if (value === "") return null;
      params.set(segment.slice(1), decode(value));
    } else if (segment !== value) return null;
  }
  return params;
}

interface Found {
  readonly route: Route;
  readonly params: Params;
}

/** The route; or the methods that the path takes instead: none when there is no such path. */
function findRoute(routes: readonly Route[], wanted: string, pathname: string): Found | readonly string[] {
  const allowed: string[] = [];
  for (const route of routes) {
    const [method = "", path = ""] = route.key.split(" ");
    const params = matchPath(path, pathname);
    if (params === null) continue;
    if (method === wanted) return { route, params };
    allowed.push(method);
  }
  return allowed;
}

/** Throws what handlers throw; the caller maps errors to responses. */
export async function dispatch(
  routes: readonly Route[],
  request: Request,
  services: ApiServices,
  door: Door,
): Promise<Response | undefined> {
  const url = new URL(request.url);
  const found = findRoute(routes, request.method, url.pathname);
  // By the route itself, so that another method of an open path is not open too.
  const isOpen =
    "route" in found
      ? isForAnyone(found.route.key) || (services.isMetricsOpen === true && found.route.key === METRICS)
      : routes.some(({ key }) => isForAnyone(key) && key.endsWith(` ${url.pathname}`));
  const who = isOpen ? NOBODY : await door.authenticate();
  const { trace } = door;
  trace.heard(who);
  if (!("route" in found)) return noRoute(request, url.pathname, found);
  const { key, handle } = found.route;
  const [object = null] = found.params.values();
  trace.found(key, object);
  const id = isOpen ? "" : admit(services.coordinator, who, key, found.params.get("id") ?? "");
  if (id !== "") trace.about(id);
  const param = (name: string) => (name === "id" ? id : (found.params.get(name) ?? ""));
  const call: Call = {
    ...services,
    request,
    url,
    who,
    param,
    spend: (what) => door.spend(who, what),
    cutWhenEnded: () => door.cutWhenEnded(who),
    hasMoved: () => door.hasMoved(),
    holdStream: () => door.holdStream(who),
    upgrade: (open) => door.upgrade(open),
    again: (another, answer) =>
      door.again(another, who, (traced) =>
        answer({ ...call, request: another, about: (...what) => traced.about(...what) }),
      ),
    shownToken: () => door.shownToken(),
    openSession: () => door.openSession(),
    closeSession: () => door.closeSession(),
    about: (...what) => trace.about(...what),
  };
  return await handle(call);
}

/** Errors: E_NOT_FOUND for a path that takes no method at all. */
function noRoute(request: Request, pathname: string, allowed: readonly string[]): Response {
  if (allowed.length === 0) {
    const hint = "docs/PROTOCOL.md lists the API's paths.";
    throw new AppError("E_NOT_FOUND", `there is nothing at ${pathname}`, hint);
  }
  const body = {
    code: "E_NOT_FOUND",
    message: `${pathname} takes no ${request.method}`,
    hint: `Use ${allowed.join(" or ")}.`,
  } as const;
  return errorResponse(body, 405, { allow: allowed.join(", "), [ERROR_CODE_HEADER]: body.code });
}
