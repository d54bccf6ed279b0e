// The HTTP and WebSocket door of the server: binds the port, checks the token, hands requests to routes. Everything it
// knows of jobs and clients it asks the coordinator.
import { isIP } from "node:net";
import { AppError, type ErrorBody, errnoOf } from "../base/errors.ts";
import { API_PREFIX } from "./contract.ts";
import { type LinkData, linkHandler, refuseForeignOrigin } from "./link.ts";
import { errorResponse, INTERNAL_ERROR, respondToError } from "./responses.ts";
import { type ApiServices, dispatch, type Route } from "./router.ts";
import { attemptRoutes } from "./routes/attempts.ts";
import { clientRoutes } from "./routes/clients.ts";
import { COMMAND_PATH, commandError, commandRoutes } from "./routes/command.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { HEALTH_PATH, serverRoutes } from "./routes/server.ts";
import { sourceRoutes } from "./routes/sources.ts";
import { baseUrl, hostPort } from "./server-address.ts";

/** No bound of Bun's own: free space is checked before a byte is taken. */
const MAX_BODY_BYTES = 2 ** 40;
const LINK_PATH = `${API_PREFIX}/link`;

const ROUTES: readonly Route[] = [
  ...serverRoutes,
  ...sourceRoutes,
  ...jobRoutes,
  ...clientRoutes,
  ...attemptRoutes,
  ...commandRoutes,
];

export interface ServeApiOptions extends ApiServices {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** PEM; plain http when there is none. */
  readonly tls?: { readonly cert: string; readonly key: string } | null;
  /** Requests wait for this: the port is ours before the token is where others look for it. */
  readonly ready?: Promise<void>;
}

export interface ApiServer {
  readonly port: number;
  /** `http://host:port` or `https://host:port`, with the bound address. */
  readonly url: string;
  /** Answers new requests with 503 from now on, while the coordinator says goodbye on the links that are open. */
  refuseRequests(): void;
  /** Closes every connection and frees the port. */
  stop(): Promise<void>;
}

function checkToken(request: Request, { coordinator }: ApiServices): void {
  const header = request.headers.get("authorization") ?? "";
  const token = /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1];
  if (token !== undefined && coordinator.isTokenValid(token)) return;
  throw new AppError(
    "E_TOKEN",
    token === undefined ? "a token is needed" : "the token is wrong",
    "Send `Authorization: Bearer TOKEN`; the server prints its token's join line when it starts.",
  );
}

async function answer(request: Request, server: Bun.Server<LinkData>, services: ServeApiOptions) {
  if (services.ready !== undefined) await services.ready;
  const { pathname } = new URL(request.url);
  try {
    if (pathname !== HEALTH_PATH) checkToken(request, services);
    if (pathname !== LINK_PATH) return await dispatch(ROUTES, request, services);
    refuseForeignOrigin(request);
    if (server.upgrade(request, { data: { link: null } })) return undefined;
    throw new AppError("E_MALFORMED", "this address speaks WebSocket only", "`ffcluster join` connects here.");
  } catch (thrown) {
    if (pathname === COMMAND_PATH) return commandError(thrown, { request, log: services.log });
    return respondToError(thrown, request, services.log);
  }
}

function portError(options: ServeApiOptions, thrown: unknown): unknown {
  const where = hostPort({ isTls: false, host: options.host, port: options.port });
  const errno = errnoOf(thrown);
  if (errno === "EADDRINUSE" && isIP(options.host) === 0 && options.host !== "localhost") {
    // Bun 1.4.5 says "in use" of names that lead nowhere, too.
    const hint = `Either ${options.host} is no name of this machine, or another program has that port.`;
    return new AppError("E_PORT", `cannot listen on ${where}`, hint, { cause: thrown });
  }
  if (errno === "EADDRINUSE") {
    const hint = "Another program has it, perhaps a server that still runs; choose another with --port.";
    return new AppError("E_PORT", `${where} is in use`, hint, { cause: thrown });
  }
  // A name that nothing resolves is ENOENT from Bun 1.4.5.
  if (errno === "EACCES" || errno === "EADDRNOTAVAIL" || errno === "ENOTFOUND" || errno === "ENOENT") {
    const hint = "Give an address of this machine with --host and a port above 1023 with --port.";
    return new AppError("E_PORT", `cannot listen on ${where}`, hint, { cause: thrown });
  }
  return thrown;
}

const STOPPING: ErrorBody = {
  code: "E_UNREACHABLE",
  message: "the server is stopping",
  hint: "Try again when it runs; its jobs go on then.",
};

/** Starts the API. Errors: E_PORT. */
export function serveApi(options: ServeApiOptions): ApiServer {
  let isStopping = false;
  const tls = options.tls ?? null;
  try {
    const server = Bun.serve<LinkData>({
      hostname: options.host,
      port: options.port,
      ...(tls === null ? {} : { tls: { cert: tls.cert, key: tls.key } }),
      idleTimeout: 0, // Bun's own would kill slow uploads and paused downloads
      maxRequestBodySize: MAX_BODY_BYTES,
      development: false,
      reusePort: false, // without it `development: false` shares a port that is in use (measured on 1.4.5)
      fetch: (request, bunServer) => (isStopping ? errorResponse(STOPPING, 503) : answer(request, bunServer, options)),
      error: (thrown) => {
        options.log.error(`a response failed: ${thrown.stack ?? thrown.message}`);
        return errorResponse(INTERNAL_ERROR, 500);
      },
      websocket: linkHandler(options.coordinator, options.log),
    });
    const port = server.port ?? options.port;
    const refuseRequests = () => {
      isStopping = true;
    };
    return {
      port,
      url: baseUrl({ isTls: tls !== null, host: options.host, port }),
      refuseRequests,
      stop: () => server.stop(true),
    };
  } catch (thrown) {
    throw portError(options, thrown);
  }
}
