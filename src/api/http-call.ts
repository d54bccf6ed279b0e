// One HTTP call to the server: adds the token and a time limit, retries once where that is harmless, and turns every
// failure into an AppError that says what to do. Knows no route.
import type { z } from "zod";
import { delay } from "../base/clock.ts";
import { AppError, errnoOf, isErrorCode } from "../base/errors.ts";
import { foreignAnswer, foreignProtocol, isPassingStatus, silenceWords } from "../base/foreign-answer.ts";
import { canConnect, hasProxy, watchReachable } from "../base/network/reachable.ts";
import type { Trust } from "../base/tls/trust.ts";
import { errorDocumentSchema } from "./contract.ts";
import { ERROR_CODE_HEADER } from "./responses.ts";
import { baseUrl, hostPort, isThisMachine, type ServerAddress } from "./server-address.ts";

export interface Connection {
  readonly server: ServerAddress;
  /** Null: none is known; the server then says that it needs one. */
  readonly token: string | null;
  /** Absent: the system's authorities are trusted. */
  readonly tls?: Trust;
}

export interface CallOptions {
  readonly method?: "DELETE" | "GET" | "HEAD" | "PATCH" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
  /** Time until the response's head; null: no limit. */
  readonly timeoutMs?: number | null;
}

const DEFAULT_TIMEOUT_MS = 30_000;

function unreachable(server: ServerAddress, message: string, cause: unknown): AppError {
  if (errnoOf(cause) === "ENOTFOUND") {
    const byNumber = "Check the name, or give the address of the machine: --server 192.168.1.5:5001.";
    return new AppError("E_UNREACHABLE", message, byNumber, { cause, retry: true });
  }
  const start = isThisMachine(server) ? "Start one with `ffcluster serve`" : "Start `ffcluster serve` there";
  const port = server.port === 5001 ? "" : ` --port ${server.port}`;
  const hint = `${start.replace("serve`", `serve${port}\``)}, or name another server with --server HOST:PORT.`;
  return new AppError("E_UNREACHABLE", message, hint, { cause, retry: true });
}

/** Explains a refused token to the person at this machine. */
export function tokenError(connection: Connection): AppError {
  const where = hostPort(connection.server);
  const message =
    connection.token === null
      ? `the server at ${where} needs a token, and none is known here`
      : `the server at ${where} refuses the token`;
  const hint =
    "Give one with --token or FFCLUSTER_TOKEN: the server prints it when it starts, keeps it in WORK_DIR/token, and `ffcluster token create` makes others.";
  return new AppError("E_TOKEN", message, hint);
}

/** The server's own error object, or the best guess without one: the answer to a HEAD has only a code. */
async function errorOf(response: Response, connection: Connection): Promise<AppError> {
  const code = response.headers.get(ERROR_CODE_HEADER);
  if (code === "E_TOKEN") return tokenError(connection);
  if (response.body === null && isErrorCode(code)) {
    return new AppError(code, `the server at ${hostPort(connection.server)} answered ${code}`, "Its log says more.");
  }
  const text = await response.text();
  let document: unknown = null;
  try {
    document = JSON.parse(text);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  const parsed = errorDocumentSchema.safeParse(document);
  if (!parsed.success) return strangeAnswer(response, connection);
  const { error } = parsed.data;
  if (error.code === "E_TOKEN") return tokenError(connection);
  return new AppError(error.code, error.message, error.hint);
}

/** For an answer that is not our server's: from a proxy whose server is down, or from another program. */
function strangeAnswer(response: Response, { server }: Connection): AppError {
  const where = hostPort(server);
  if (!isPassingStatus(response.status)) return foreignAnswer(where, response);
  const message = `a proxy, or another program, answers ${response.status} at ${where}`;
  const hint = "Is the ffcluster server behind it up? Else name another with --server HOST:PORT.";
  return new AppError("E_UNREACHABLE", message, hint, { retry: true });
}

function isReset(thrown: unknown): boolean {
  const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
  return /ECONNRESET|ConnectionClosed|EPIPE/.test(code);
}

async function fetchOnce(connection: Connection, path: string, options: CallOptions): Promise<Response> {
  const timeoutMs = options.timeoutMs === undefined ? DEFAULT_TIMEOUT_MS : options.timeoutMs;
  const limit = new AbortController();
  const timer = timeoutMs === null ? undefined : setTimeout(() => limit.abort(), timeoutMs);
  let isUnreachable = false;
  using _ = watchReachable(
    async () => hasProxy(process.env) || (await canConnect(connection.server)),
    () => {
      isUnreachable = true;
      limit.abort();
    },
  );
  const token: Record<string, string> =
    connection.token === null ? {} : { authorization: `Bearer ${connection.token}` };
  try {
    return await fetch(baseUrl(connection.server) + path, {
      method: options.method ?? "GET",
      headers: { ...token, ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
      signal: options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal,
      redirect: "manual", // following it would send the token elsewhere
      // Bun's own limit would end a quiet event stream; ours are above and in the callers.
      timeout: false,
      ...(connection.tls === undefined ? {} : { tls: connection.tls }),
    } as BunFetchRequestInit);
  } catch (thrown) {
    options.signal?.throwIfAborted();
    const where = hostPort(connection.server);
    if (isUnreachable) throw unreachable(connection.server, `no server answers at ${where}`, thrown);
    if (limit.signal.aborted) {
      throw unreachable(connection.server, `no answer in time from ${where}`, thrown);
    }
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** In all, when the server says again and again that a call comes too often. */
const MOST_WAITING_MS = 300_000;

/** As long as the server asks for; null: it does not ask. */
function waitAskedFor({ status, headers }: Response): number | null {
  const seconds = headers.get("retry-after") ?? "";
  return status === 429 && /^\d{1,3}$/.test(seconds) ? Number(seconds) * 1000 : null;
}

/**
 * Waits where the server asks for it, and calls again.
 * Errors: E_UNREACHABLE, E_TOKEN, any code that the server answers; the reason of `signal` when that is aborted.
 */
export async function call(connection: Connection, path: string, options: CallOptions = {}): Promise<Response> {
  for (let waited = 0; ; ) {
    const response = await callOnce(connection, path, options);
    if (response.ok) return response;
    const waitMs = waitAskedFor(response);
    if (waitMs === null || waited + waitMs > MOST_WAITING_MS) throw await errorOf(response, connection);
    waited += waitMs;
    await delay(waitMs, options.signal);
    options.signal?.throwIfAborted();
  }
}

async function callOnce(connection: Connection, path: string, options: CallOptions): Promise<Response> {
  const isRepeatable = ["GET", "HEAD"].includes(options.method ?? "GET");
  try {
    return await fetchOnce(connection, path, options).catch((thrown) => {
      if (isRepeatable && isReset(thrown) && !options.signal?.aborted) return fetchOnce(connection, path, options);
      throw thrown;
    });
  } catch (thrown) {
    options.signal?.throwIfAborted();
    if (thrown instanceof AppError) throw thrown;
    const foreign = await foreignProtocol(new URL(baseUrl(connection.server)), thrown, connection.tls);
    const where = hostPort(connection.server);
    throw (
      foreign ?? unreachable(connection.server, silenceWords(where, thrown) ?? `no server answers at ${where}`, thrown)
    );
  }
}

export interface JsonAnswer<T> {
  readonly body: T;
  readonly headers: Headers;
}

/** A call whose answer is JSON of the given shape. */
export async function callJson<T>(
  connection: Connection,
  path: string,
  schema: z.ZodType<T>,
  options: CallOptions = {},
): Promise<T> {
  return (await callForJson(connection, path, schema, options)).body;
}

export async function callForJson<T>(
  connection: Connection,
  path: string,
  schema: z.ZodType<T>,
  options: CallOptions = {},
): Promise<JsonAnswer<T>> {
  const response = await call(connection, path, options);
  const { headers } = response;
  const isJson = /^application\/json\b/i.test(headers.get("content-type") ?? "");
  if (!isJson) throw foreignAnswer(hostPort(connection.server), response);
  const parsed = schema.safeParse(await response.json().catch(() => null));
  if (parsed.success) return { body: parsed.data, headers };
  const issue = parsed.error.issues[0];
  throw new AppError(
    "E_PROTOCOL",
    `the server at ${hostPort(connection.server)} answers in another form (${issue?.path.join(".")}: ${issue?.message})`,
    "Use the same version of ffcluster on both sides.",
  );
}

/** The path that a list goes on at (RFC 8288); null: it ends here. Only a path: the token goes to no other server. */
export function nextPage(headers: Headers): string | null {
  return /<(\/[^/>][^>]*)>;\s*rel="?next"?/.exec(headers.get("link") ?? "")?.[1] ?? null;
}

export function post(body: unknown, rest: CallOptions = {}): CallOptions {
  return {
    ...rest,
    method: "POST",
    headers: { "content-type": "application/json", ...rest.headers },
    body: JSON.stringify(body),
  };
}
