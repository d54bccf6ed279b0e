// Reads and writes bodies as the contract defines them: JSON, the error object, bounded input. Knows no route.
import type { z } from "zod";
import { AppError, type ErrorBody, httpStatusOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { MOST_UPLOAD_BLOCKS, UPLOAD_HEADERS } from "../base/upload/resumable-upload.ts";
import type { Principal } from "../cluster/protocol/roles.ts";

/** JSON requests are small; file bytes have their own routes. */
const MAX_JSON_BYTES = 1 << 20;
const JSON_WITHIN_MS = 30_000;

/** Followed by the code. */
const ERROR_TYPES = "/api/v1/docs#";

/** All that the outside learns of a bug. */
export const INTERNAL_ERROR: ErrorBody = {
  code: "E_INTERNAL",
  message: "the server met an error of its own",
  hint: "The server's log has the details; please report it.",
};

export function json(document: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(document, { status, headers: { "cache-control": "no-store", ...headers } });
}

const PROBLEM_JSON = "application/problem+json";

/** RFC 9457: a problem, with our own error object as its member. `type` is a path that every server has. */
export function errorResponse(body: ErrorBody, status: number, headers: Record<string, string> = {}): Response {
  const title = body.code.slice("E_".length).toLowerCase().replaceAll("_", " ");
  const problem = { type: `${ERROR_TYPES}${body.code}`, title, status, detail: body.message, error: body };
  return json(problem, status, { ...headers, "content-type": PROBLEM_JSON });
}

/** For a caller that names the type of plain JSON, and not that of problems: the same body under that name. */
export function withAcceptedType(response: Response, request: Request): Response {
  if (response.headers.get("content-type") !== PROBLEM_JSON) return response;
  const accept = request.headers.get("accept")?.toLowerCase() ?? "";
  if (accept.includes("application/json") && !accept.includes(PROBLEM_JSON)) {
    response.headers.set("content-type", "application/json");
  }
  return response;
}

/** Messages quote what was sent, which may be long. */
const LONGEST_MESSAGE = 1500;

/**
 * What the outside may know of a failure: an AppError as it is, in bounds; anything else is E_INTERNAL, and its text goes
 * only to the log.
 */
export function publicError(thrown: unknown, request: Request, log: Log): ErrorBody {
  if (thrown instanceof AppError && thrown.code !== "E_INTERNAL") {
    const body = thrown.toBody();
    return body.message.length <= LONGEST_MESSAGE
      ? body
      : { ...body, message: `${body.message.slice(0, LONGEST_MESSAGE)}…` };
  }
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  log.error(`${request.method} ${new URL(request.url).pathname} failed: ${detail}`);
  return INTERNAL_ERROR;
}

/** Repeats the error code, because the answer to a HEAD has no body. */
export const ERROR_CODE_HEADER = "x-ffcluster-error";

export function respondToError(thrown: unknown, request: Request, log: Log): Response {
  const body = publicError(thrown, request, log);
  return errorResponse(body, httpStatusOf(body.code), errorHeaders(thrown, body));
}

export function errorHeaders(thrown: unknown, { code }: ErrorBody): Record<string, string> {
  const seconds = thrown instanceof AppError ? thrown.retryAfterSeconds : null;
  return {
    [ERROR_CODE_HEADER]: code,
    ...(code === "E_TOKEN" ? { "www-authenticate": "Bearer" } : {}),
    ...(seconds === null ? {} : { "retry-after": String(seconds) }),
  };
}

/** The answer to a PATCH that is not an append of a resumable upload. */
export function noAppend(): AppError {
  const { offset, blocks } = UPLOAD_HEADERS;
  const hint = `Send the bytes from ${offset} on, and the SHA-256 of each 256 KiB of them, at most ${MOST_UPLOAD_BLOCKS}, in ${blocks}.`;
  return new AppError("E_MALFORMED", "this is no piece of an upload", hint);
}

interface Asked {
  readonly request: Request;
  readonly who: Pick<Principal, "ended">;
}

/** Errors: E_TOO_LARGE, E_MALFORMED for a body that does not come, E_TOKEN when the sender's token ends before it has. */
async function readBounded({ request, who }: Asked): Promise<string> {
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel();
  }, JSON_WITHIN_MS);
  const onEnd = () => void reader.cancel();
  who.ended.addEventListener("abort", onEnd, { once: true });
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.length;
      if (bytes > MAX_JSON_BYTES) throw tooLarge();
      chunks.push(next.value);
    }
  } finally {
    clearTimeout(timer);
    who.ended.removeEventListener("abort", onEnd);
  }
  who.ended.throwIfAborted();
  if (isLate) throw new AppError("E_MALFORMED", "the request body did not come in time", "Send it at once.");
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(): AppError {
  const hint = "Files go to PATCH /api/v1/sources/ID, in pieces.";
  return new AppError("E_TOO_LARGE", "the JSON body is larger than 1 MiB", hint);
}

/** Parses text as JSON of the given shape. Errors: E_MALFORMED, which names the field. */
export function parseJson<T>(text: string, schema: z.ZodType<T>, what: string): T {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new AppError("E_MALFORMED", `${what} is not valid JSON`, "docs/PROTOCOL.md shows the form.", { cause });
  }
  return checked(document, schema, what);
}

function checked<T>(document: unknown, schema: z.ZodType<T>, what: string): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join(".")}` : "";
  const message = `${what} is malformed${where}: ${issue?.message ?? "wrong shape"}`;
  throw new AppError("E_MALFORMED", message, "docs/PROTOCOL.md shows the form.");
}

/** The query of a URL. Errors: E_MALFORMED, which names the parameter. */
export function readQuery<T>({ searchParams }: URL, schema: z.ZodType<T>): T {
  return checked(Object.fromEntries(searchParams), schema, "the query");
}

/** Headers, by their names in lower case. Errors: E_MALFORMED, which names the header. */
export function readHeaders<T>({ headers }: Request, schema: z.ZodType<T>): T {
  return checked(Object.fromEntries(headers), schema, "the request's headers");
}

const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** Errors: E_MEDIA_TYPE, E_MALFORMED, E_TOO_LARGE, E_TOKEN. */
export async function readJson<T>(asked: Asked, schema: z.ZodType<T>): Promise<T> {
  const type = asked.request.headers.get("content-type");
  if (type !== null && !JSON_TYPE.test(type)) {
    const hint = "Send `Content-Type: application/json`.";
    throw new AppError("E_MEDIA_TYPE", `the body is said to be ${JSON.stringify(type)}, not JSON`, hint);
  }
  return parseJson(await readBounded(asked), schema, "the request body");
}
