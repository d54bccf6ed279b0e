// Serves HTTP and WebSocket: binds the port, checks the token, dispatches to routes. What it knows of jobs and clients comes
// from the coordinator.
import { AppError, type ErrorBody } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Principal } from "../cluster/protocol/roles.ts";
import { AuditLimiter, AuditTrace } from "./audit.ts";
import { BrowserGuard, withGuardHeaders } from "./browser/browser-guard.ts";
import { BrowserSessions } from "./browser/browser-sessions.ts";
import { type ConnectionGuard, guardConnections, NO_GUARD } from "./connection-guard.ts";
import { linkRoutes, type SocketData, socketHandler } from "./link.ts";
import { type Bind, listen, type ServerKeys } from "./listen.ts";
import { pageAnswer } from "./page/page-answer.ts";
import { DEFAULT_JOBS_PER_MINUTE, OpenStreams, RateLimits } from "./rate-limits.ts";
import { errorResponse, INTERNAL_ERROR, respondToError, withAcceptedType } from "./responses.ts";
import { type ApiServices, type Door, dispatch, type Route } from "./router.ts";
import { attemptRoutes } from "./routes/attempts.ts";
import { clientRoutes } from "./routes/clients.ts";
import { COMMAND_PATH, commandError, commandRoutes } from "./routes/command.ts";
import { descriptionRoutes } from "./routes/description.ts";
import { frameRoutes } from "./routes/frames.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { serverRoutes } from "./routes/server.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { sourceRoutes } from "./routes/sources.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { baseUrl } from "./server-address.ts";
import { tusRoutes, withTusVersion } from "./tus/tus-routes.ts";
import { WrongTokens } from "./wrong-tokens.ts";

/** Lifts Bun's own limit: free space is checked before a byte is accepted. */
const MAX_BODY_BYTES = 2 ** 40;
/** How long a connection may be idle after an answer. Before a request is whole, Bun itself waits for 10 s. */
const IDLE_AFTER_ANSWER_S = 60;
const NO_LIMIT = 0;

export const ROUTES: readonly Route[] = [
  ...serverRoutes,
  ...descriptionRoutes,
  ...sourceRoutes,
  ...tusRoutes,
  ...jobRoutes,
  ...frameRoutes,
  ...clientRoutes,
  ...attemptRoutes,
  ...tokenRoutes,
  ...webhookRoutes,
  ...sessionRoutes,
  ...linkRoutes,
  ...commandRoutes,
];

export interface ServeApiOptions extends ApiServices {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Plain http when there is none. `names`: those in its certificate. */
  readonly tls?: (ServerKeys & { readonly names?: readonly string[] }) | null;
  /** For each token; the default: 120. */
  readonly jobsPerMinute?: number;
  /** Open at a time, for each token; the default: 500. */
  readonly streamsPerToken?: number;
  /** With TLS on every interface, this machine itself may use plain http. */
  readonly plainOnLoopback?: boolean;
  /** Requests wait for this: the port is bound before the token is stored where local commands find it. */
  readonly ready?: Promise<void>;
  /** The default: what this platform has. */
  readonly guard?: (port: number, log: Log) => ConnectionGuard;
}

export interface ApiServer {
  readonly port: number;
  /** `http://host:port` or `https://host:port`, with the bound address. */
  readonly url: string;
  /** `http://127.0.0.1:port` where other addresses speak TLS, else null. */
  readonly plainUrl: string | null;
  /** Shows another certificate to new connections; those that are open live on. */
  changeKeys(tls: ServerKeys): void;
  /** Answers new requests with 503 from now on, while the coordinator says goodbye on the links that are open. */
  refuseRequests(): void;
  /** Closes every connection and frees the port. */
  stop(): Promise<void>;
}

/** What watches the door: who has shown a token, who guesses one, and what pages in browsers may ask. */
interface Watch {
  guard: ConnectionGuard;
  readonly browsers: BrowserGuard;
  readonly sessions: BrowserSessions;
  readonly wrongTokens: WrongTokens;
  readonly rates: RateLimits;
  readonly streams: OpenStreams;
  readonly audit: AuditLimiter;
}

type Server = Bun.Server<SocketData>;

/** Where a GET makes a WebSocket, over which something may change. */
const SOCKET_PATHS: readonly string[] = ["/api/v1/link", COMMAND_PATH];

/** That of the header; else that of the browser's session. Errors: E_FORBIDDEN. */
function tokenOf(request: Request, { sessions }: Watch): string | null {
  const header = request.headers.get("authorization");
  if (header !== null) return /^Bearer\s+(\S+)\s*$/i.exec(header)?.[1] ?? null;
  return sessions.tokenOf(request, SOCKET_PATHS.includes(new URL(request.url).pathname));
}

/** Errors: E_TOKEN, which comes slower with each guess of the same address; who has an old token does not guess. */
async function checkToken(
  request: Request,
  server: Server,
  { coordinator }: ApiServices,
  watch: Watch,
): Promise<Principal> {
  const token = tokenOf(request, watch);
  const hint = "Send `Authorization: Bearer TOKEN`; the server prints a join line with a token when it starts.";
  if (token === null) throw new AppError("E_TOKEN", "a token is needed", hint);
  const peer = server.requestIP(request);
  const standing = coordinator.standingOf(token);
  if (standing.kind === "known") {
    watch.guard.trust(peer, null);
    return standing.principal;
  }
  if (standing.kind === "unknown") await watch.wrongTokens.slow(peer?.address ?? "an unknown address");
  const what = standing.kind === "unknown" ? "is wrong" : standing.kind === "expired" ? "has expired" : "was revoked";
  throw new AppError("E_TOKEN", `the token ${what}`, hint);
}

const BAD_HOST: ErrorBody = {
  code: "E_MALFORMED",
  message: "the Host header is not a host",
  hint: "Send the server's name or address.",
};

/** The connection of who has shown no token ends with the answer. */
function lastAnswer(response: Response): Response {
  response.headers.set("connection", "close");
  return response;
}

async function answer(request: Request, server: Server, services: ServeApiOptions, watch: Watch, trace: AuditTrace) {
  if (!URL.canParse(request.url)) return lastAnswer(errorResponse(BAD_HOST, 400));
  const { pathname } = new URL(request.url);
  let isTrusted = false;
  const door: Door = {
    async authenticate() {
      const who = await checkToken(request, server, services, watch);
      isTrusted = true;
      server.timeout(request, NO_LIMIT); // a job may take minutes to make; bodies and uploads have limits of their own
      return who;
    },
    spend: ({ tokenId }, what) => watch.rates.spend(tokenId, what),
    cutWhenEnded({ ended }) {
      watch.guard.trust(server.requestIP(request), ended);
      return watch.guard.canCut;
    },
    hasMoved: () => server.timeout(request, IDLE_AFTER_ANSWER_S),
    holdStream: ({ tokenId }) => watch.streams.hold(tokenId),
    upgrade: (open) => server.upgrade(request, { data: { open, link: null } }),
    async again(another, who, answerTo) {
      const next = new AuditTrace(another, trace.address);
      next.heard(who);
      const response = await answerTo(next);
      record(next, response, services, watch);
      return response;
    },
    shownToken: () => tokenOf(request, watch) ?? "",
    openSession: () => watch.sessions.open(request, tokenOf(request, watch) ?? ""),
    closeSession: () => watch.sessions.close(request),
    trace,
  };
  const ending = (response: Response) => (isTrusted ? keepBriefly(response, request, server) : lastAnswer(response));
  try {
    watch.browsers.check(request, SOCKET_PATHS.includes(pathname));
    const file = await pageAnswer(request);
    if (file !== null) return ending(file);
    const response = await dispatch(ROUTES, request, services, door);
    return response === undefined ? undefined : ending(response);
  } catch (thrown) {
    const { log } = services;
    const isCommand = pathname === COMMAND_PATH;
    return ending(isCommand ? commandError(thrown, { request, log }) : respondToError(thrown, request, log));
  }
}

/** The connection stays for the next request; a stream, which Bun 1.4.5 would cut where its reader is slow, is its last. */
function keepBriefly(response: Response, request: Request, server: Server): Response {
  if (response.headers.get("connection") !== "close") server.timeout(request, IDLE_AFTER_ANSWER_S);
  return response;
}

/** What `fetch` of Bun.serve is given: every answer has the headers that browsers heed, and is in the audit log before it is sent. */
async function guardedAnswer(request: Request, server: Server, services: ServeApiOptions, watch: Watch) {
  if (services.ready !== undefined) await services.ready;
  // A socket for IPv6 takes IPv4 too, and writes it so.
  const address = server.requestIP(request)?.address.replace(/^::ffff:/i, "") ?? "unknown";
  const trace = new AuditTrace(request, address);
  const response = await answer(request, server, services, watch, trace);
  record(trace, response, services, watch);
  return response === undefined
    ? undefined
    : withGuardHeaders(withTusVersion(withAcceptedType(response, request), request));
}

function record(trace: AuditTrace, response: Response | undefined, { coordinator }: ApiServices, watch: Watch): void {
  const entry = trace.end(response, new Date().toISOString());
  const written = entry === null ? null : watch.audit.pass(entry);
  if (written !== null) coordinator.audit(written);
}

const STOPPING: ErrorBody = {
  code: "E_UNREACHABLE",
  message: "the server is stopping",
  hint: "Try again when it runs; its jobs go on then.",
};

/** Starts the API. Errors: E_PORT. */
export function serveApi(options: ServeApiOptions): ApiServer {
  let isStopping = false;
  const { log } = options;
  const tls = options.tls ?? null;
  const browsers = new BrowserGuard([options.host, ...(tls?.names ?? [])]);
  const watch: Watch = {
    guard: NO_GUARD,
    browsers,
    sessions: new BrowserSessions(),
    wrongTokens: new WrongTokens(log),
    rates: new RateLimits(options.jobsPerMinute ?? DEFAULT_JOBS_PER_MINUTE),
    streams: new OpenStreams(options.streamsPerToken),
    audit: new AuditLimiter(),
  };
  const bind: Bind = (socket) =>
    Bun.serve<SocketData>({
      ...socket,
      idleTimeout: NO_LIMIT, // Bun's own limit would end slow uploads and paused downloads; each request sets its own
      maxRequestBodySize: MAX_BODY_BYTES,
      development: false,
      fetch: (request, bunServer) =>
        isStopping
          ? withGuardHeaders(lastAnswer(withAcceptedType(errorResponse(STOPPING, 503), request)))
          : guardedAnswer(request, bunServer, options, watch),
      error: (thrown) => {
        log.error(`a response failed: ${thrown.stack ?? thrown.message}`);
        return withGuardHeaders(errorResponse(INTERNAL_ERROR, 500));
      },
      websocket: socketHandler(log),
    });
  const { host } = options;
  const plainOnLoopback = options.plainOnLoopback ?? false;
  const listening = listen(bind, { host, port: options.port, tls, plainOnLoopback });
  const { port, plainHost } = listening;
  watch.guard = (options.guard ?? guardConnections)(port, log);
  return {
    port,
    url: baseUrl({ isTls: tls !== null, host, port }),
    plainUrl: plainHost === null ? null : baseUrl({ isTls: false, host: plainHost, port }),
    changeKeys: (keys) => listening.changeKeys(keys),
    refuseRequests() {
      isStopping = true;
    },
    stop() {
      watch.guard.stop();
      return listening.stop();
    },
  };
}
