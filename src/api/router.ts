// Finds the handler of a request by method and path. Unknown path: 404; known path with another method: 405. Patterns are
// plain segments; `:name` matches one segment.
import { AppError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Coordinator } from "../cluster/server/ports.ts";
import { errorResponse } from "./responses.ts";

export interface ApiServices {
  readonly coordinator: Coordinator;
  readonly version: string;
  readonly log: Log;
}

export interface Call extends ApiServices {
  readonly request: Request;
  readonly url: URL;
  /** The value of `:name` in the pattern, decoded. */
  param(name: string): string;
}

export type Handler = (call: Call) => Response | Promise<Response>;

export interface Route {
  readonly method: "GET" | "HEAD" | "PATCH" | "POST";
  readonly path: string;
  readonly handle: Handler;
}

export function route(method: Route["method"], path: string, handle: Handler): Route {
  return { method, path, handle };
}

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

/** Throws what handlers throw; the caller maps errors to responses. */
export async function dispatch(routes: readonly Route[], request: Request, services: ApiServices): Promise<Response> {
  const url = new URL(request.url);
  const allowed: string[] = [];
  for (const { method, path, handle } of routes) {
    const params = matchPath(path, url.pathname);
    if (params === null) continue;
    if (method !== request.method) {
      allowed.push(method);
      continue;
    }
    const param = (name: string) => params.get(name) ?? "";
    return await handle({ ...services, request, url, param });
  }
  if (allowed.length === 0) {
    const hint = "docs/PROTOCOL.md lists the API's paths.";
    throw new AppError("E_NOT_FOUND", `there is nothing at ${url.pathname}`, hint);
  }
  const body = {
    code: "E_NOT_FOUND",
    message: `${url.pathname} takes no ${request.method}`,
    hint: `Use ${allowed.join(" or ")}.`,
  } as const;
  return errorResponse(body, 405, { allow: allowed.join(", ") });
}
