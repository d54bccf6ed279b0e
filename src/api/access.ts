// Which role may call which route: this table is the guard of the router, and a route that it lacks does not compile.
import { AppError } from "../base/errors.ts";
import type { Principal, Role } from "../cluster/protocol/roles.ts";
import type { Coordinator } from "../cluster/server/ports.ts";

/**
 * What stands behind the id in a path, and so what is asked beyond the role:
 * - job: the caller must be allowed to see it; `submit` sees its own.
 * - source: an upload or source; `submit` uses its own.
 * - leased-source, leased-job: a client needs a live attempt on that job.
 * - secret: whoever has the id, or the secret that comes with it, may use it.
 * - any: each one may be reached by the roles of the route.
 */
type Scope = "job" | "source" | "leased-source" | "leased-job" | "secret" | "any";

interface Rule {
  readonly roles: readonly Role[];
  readonly scope?: Scope;
}

/** A route with an id in its path must say what that id stands for. */
type RuleOf<Key> = Key extends `${string}/:${string}` ? Rule & { readonly scope: Scope } : Rule | "anyone";

function defineAccess<const T extends { readonly [Key in keyof T]: RuleOf<Key> }>(table: T): T {
  return table;
}

const EVERY_ROLE = ["admin", "submit", "client", "read", "enrol"] as const;
const ADMIN = ["admin"] as const;
const SUBMITTERS = ["admin", "submit"] as const;
const WATCHERS = ["admin", "submit", "read"] as const;
const OBSERVERS = ["admin", "read"] as const;
const ENCODERS = ["admin", "client"] as const;

export const ACCESS = defineAccess({
  "GET /healthz": "anyone",
  // They tell nothing of this server but its version, as the line above does; a browser's page has no token yet.
  "GET /api/v1/openapi.json": "anyone",
  "GET /api/v1/docs": "anyone",
  // Anyone's where the server is told so (`serve --metrics open`).
  "GET /metrics": { roles: OBSERVERS },
  "GET /api/v1/hello": { roles: EVERY_ROLE },
  "POST /api/v1/requests/check": { roles: SUBMITTERS },
  "GET /api/v1/presets": { roles: WATCHERS },

  "POST /api/v1/sources": { roles: SUBMITTERS },
  "HEAD /api/v1/sources/:id": { roles: SUBMITTERS, scope: "source" },
  "PATCH /api/v1/sources/:id": { roles: SUBMITTERS, scope: "source" },
  "POST /api/v1/sources/:id/preview": { roles: SUBMITTERS, scope: "source" },
  "POST /api/v1/sources/local": { roles: SUBMITTERS },
  "POST /api/v1/sources/local/:challengeId": { roles: SUBMITTERS, scope: "secret" },
  "POST /api/v1/sources/on-server": { roles: SUBMITTERS },
  "GET /api/v1/sources/:id/blocks/:n": { roles: ENCODERS, scope: "leased-source" },

  "OPTIONS /api/v1/tus": { roles: SUBMITTERS },
  "POST /api/v1/tus": { roles: SUBMITTERS },
  "OPTIONS /api/v1/tus/:id": { roles: SUBMITTERS, scope: "any" },
  "HEAD /api/v1/tus/:id": { roles: SUBMITTERS, scope: "source" },
  "PATCH /api/v1/tus/:id": { roles: SUBMITTERS, scope: "source" },
  "DELETE /api/v1/tus/:id": { roles: SUBMITTERS, scope: "source" },
  // What the header X-HTTP-Method-Override says.
  "POST /api/v1/tus/:id": { roles: SUBMITTERS, scope: "source" },

  "POST /api/v1/jobs": { roles: SUBMITTERS },
  "GET /api/v1/jobs": { roles: WATCHERS },
  "GET /api/v1/jobs/watch": { roles: WATCHERS },
  "GET /api/v1/jobs/:id": { roles: WATCHERS, scope: "job" },
  "GET /api/v1/jobs/:id/detail": { roles: WATCHERS, scope: "job" },
  "GET /api/v1/jobs/:id/events": { roles: WATCHERS, scope: "job" },
  "GET /api/v1/jobs/:id/attempts": { roles: WATCHERS, scope: "job" },
  "GET /api/v1/jobs/:id/logs": { roles: WATCHERS, scope: "job" },
  "GET /api/v1/jobs/:id/watch": { roles: WATCHERS, scope: "job" },
  "GET /api/v1/jobs/:id/proof": { roles: WATCHERS, scope: "job" },
  "GET /api/v1/jobs/:id/comparison": { roles: WATCHERS, scope: "job" },
  // What shows the film is for those who may download it.
  "GET /api/v1/jobs/:id/frames/:n": { roles: SUBMITTERS, scope: "job" },
  "POST /api/v1/jobs/:id/cancel": { roles: SUBMITTERS, scope: "job" },
  "POST /api/v1/jobs/:id/move": { roles: SUBMITTERS, scope: "job" },
  "POST /api/v1/jobs/:id/retry": { roles: SUBMITTERS, scope: "job" },
  "GET /api/v1/jobs/:id/output": { roles: SUBMITTERS, scope: "job" },
  "HEAD /api/v1/jobs/:id/output": { roles: SUBMITTERS, scope: "job" },
  "GET /api/v1/jobs/:id/deliveries": { roles: SUBMITTERS, scope: "job" },
  "GET /api/v1/jobs/:id/side-files/:n": { roles: ENCODERS, scope: "leased-job" },

  "GET /api/v1/clients": { roles: OBSERVERS },
  "GET /api/v1/clients/watch": { roles: OBSERVERS },
  "GET /api/v1/watch": { roles: OBSERVERS },
  "GET /api/v1/clients/:id": { roles: OBSERVERS, scope: "any" },
  "POST /api/v1/clients/:id/disconnect": { roles: ADMIN, scope: "any" },
  "POST /api/v1/clients/:id/drain": { roles: ADMIN, scope: "any" },
  "POST /api/v1/clients/:id/pause": { roles: ADMIN, scope: "any" },
  "POST /api/v1/clients/:id/resume": { roles: ADMIN, scope: "any" },

  "GET /api/v1/session": { roles: WATCHERS },
  "POST /api/v1/session": { roles: WATCHERS },
  "DELETE /api/v1/session": { roles: WATCHERS },

  "GET /api/v1/invite": { roles: ADMIN },
  "GET /api/v1/tokens": { roles: ADMIN },
  "POST /api/v1/tokens": { roles: ADMIN },
  "POST /api/v1/tokens/:name/revoke": { roles: ADMIN, scope: "any" },
  "POST /api/v1/tokens/:name/rotate": { roles: ADMIN, scope: "any" },

  "GET /api/v1/webhooks": { roles: ADMIN },
  "POST /api/v1/webhooks": { roles: ADMIN },
  "GET /api/v1/webhooks/:name": { roles: ADMIN, scope: "any" },
  "DELETE /api/v1/webhooks/:name": { roles: ADMIN, scope: "any" },
  "POST /api/v1/webhooks/:name/test": { roles: ADMIN, scope: "any" },
  "GET /api/v1/webhooks/:name/deliveries": { roles: ADMIN, scope: "any" },

  "GET /api/v1/audit": { roles: ADMIN },

  "POST /api/v1/enrol": { roles: ["admin", "client", "enrol"] },
  "GET /api/v1/link": { roles: ENCODERS },
  "HEAD /api/v1/attempts/:id/result": { roles: ENCODERS, scope: "secret" },
  "PATCH /api/v1/attempts/:id/result": { roles: ENCODERS, scope: "secret" },

  // Each command asks for what the route of the same purpose asks: routes/command.ts.
  "POST /ws/command": { roles: WATCHERS },
  "GET /ws/command": { roles: WATCHERS },
});

/** `METHOD /path`, with `:name` for a segment that varies. */
export type RouteKey = keyof typeof ACCESS;

const RULES: Readonly<Record<RouteKey, Rule | "anyone">> = ACCESS;

export function isForAnyone(key: RouteKey): boolean {
  return RULES[key] === "anyone";
}

/** The roles that may call it; all of them where no token is needed. */
export function rolesOf(key: RouteKey): readonly Role[] {
  const rule = RULES[key];
  return rule === "anyone" ? EVERY_ROLE : rule.roles;
}

/**
 * Lets the caller through to a route, or throws; the answer is the id to go on with: whole, where it stands for a job.
 * Errors: E_FORBIDDEN for the role; E_UNKNOWN_ID, E_AMBIGUOUS_ID, E_STALE_ATTEMPT for what the id stands for.
 */
export function admit(coordinator: Coordinator, who: Principal, key: RouteKey, id: string): string {
  const rule = RULES[key];
  if (rule === "anyone") return id;
  if (!rule.roles.includes(who.role)) {
    const hint = `It takes a token of the role ${rule.roles.filter((role) => role !== "enrol").join(" or ")}.`;
    throw new AppError("E_FORBIDDEN", `the token ${who.name} has the role ${who.role}, which may not do this`, hint);
  }
  const scope = rule.scope ?? "any";
  switch (scope) {
    case "job":
      return coordinator.visibleJob(who, id);
    case "source":
      coordinator.requireOwnSource(who, id);
      return id;
    case "leased-source":
      coordinator.requireLease(who, { sourceId: id });
      return id;
    case "leased-job":
      coordinator.requireLease(who, { jobId: id });
      return id;
    case "secret":
    case "any":
      return id;
  }
}
