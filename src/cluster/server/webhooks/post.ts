// One POST to an endpoint that nobody vouches for: bounded in time, in headers and in the bytes of the answer. Follows no
// redirect, keeps no connection, and takes no proxy, which would reach what the server may not.
import http from "node:http";
import https from "node:https";
import { errnoOf } from "../../../base/errors.ts";
import { hostOf, leadsToPrivateAddress, publicLookup, REFUSED_ADDRESS } from "./addresses.ts";

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Only public addresses, whatever a name leads to. */
  readonly isGuarded: boolean;
}

export interface Posted {
  readonly status: number | null;
  readonly answer: string | null;
  readonly error: string | null;
  /** What the endpoint asks for; null: nothing. */
  readonly retryAfterMs: number | null;
}

/** Standard Webhooks: 15 to 30 s. */
export const POST_WITHIN_MS = 15_000;
const MOST_ANSWER_BYTES = 512;
/** Once the status is there: the rest is only for people to read. */
const ANSWER_WITHIN_MS = 2000;
const DAY_MS = 86_400_000;

const WORDS: Readonly<Record<string, string>> = {
  [REFUSED_ADDRESS]: "it leads to no public address",
  ABORT_ERR: "no answer in time",
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection broke",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  ETIMEDOUT: "no connection in time",
  HPE_HEADER_OVERFLOW: "the answer's headers are too long",
};

function failed(thrown: unknown): Posted {
  const code = errnoOf(thrown);
  const error = (code === null ? undefined : WORDS[code]) ?? `no answer (${code ?? "unknown reason"})`;
  return { status: null, answer: null, error, retryAfterMs: null };
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function retryAfterMs(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(wait) || wait <= 0 ? null : Math.min(wait, DAY_MS);
}

/** The first bytes of the body, once there are enough of them, it ends, or it takes too long. */
function firstBytes(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ANSWER_WITHIN_MS);
  response.on("data", (chunk: Buffer) => {
    if (length < MOST_ANSWER_BYTES) chunks.push(chunk.subarray(0, MOST_ANSWER_BYTES - length));
    length += chunk.length;
    if (length >= MOST_ANSWER_BYTES) resolve();
  });
  for (const event of ["end", "close", "error"]) response.on(event, () => resolve());
  return promise.then(() => {
    clearTimeout(timer);
    return Buffer.concat(chunks)
      .toString()
      .replace(/\uFFFD$/, "");
  });
}

function begin(url: URL, { headers, body, isGuarded }: Posting, signal: AbortSignal): http.ClientRequest {
  return (url.protocol === "https:" ? https : http).request({
    method: "POST",
    host: hostOf(url),
    ...(url.port === "" ? {} : { port: url.port }),
    path: url.pathname + url.search,
    headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
    agent: false,
    signal,
    ...(isGuarded ? { lookup: publicLookup } : {}),
  });
}

/** Never fails. `signal` ends it as an unanswered one. */
export async function post(posting: Posting, signal: AbortSignal): Promise<Posted> {
  const url = new URL(posting.url);
  if (posting.isGuarded && leadsToPrivateAddress(url)) return failed({ code: REFUSED_ADDRESS });
  let request: http.ClientRequest | null = null;
  try {
    request = begin(url, posting, AbortSignal.any([signal, AbortSignal.timeout(POST_WITHIN_MS)]));
    const answered = Promise.withResolvers<http.IncomingMessage>();
    request.on("response", answered.resolve);
    request.on("error", answered.reject);
    request.end(posting.body);
    const response = await answered.promise;
    const wait = retryAfterMs(response.headers["retry-after"], Date.now());
    return { status: response.statusCode ?? null, answer: await firstBytes(response), error: null, retryAfterMs: wait };
  } catch (thrown) {
    return failed(thrown);
  } finally {
    request?.destroy();
  }
}
