// One request to the server over node:http, which Node and Bun both have, and whose TLS can pin a certificate. Turns every
// failure into a FfclusterError. Knows no route.
import { createHash } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import { delay } from "../../base/clock.ts";
import { fingerprintOf, parseFingerprint, pin, type Trust } from "../../base/tls/trust.ts";
import { errorDocumentSchema } from "../contract.ts";
import { fetchCertificate } from "../peer-certificate.ts";
import { hostPort, type ServerAddress } from "../server-address.ts";
import { FfclusterError } from "./ffcluster-error.ts";

/** How to reach a server. */
export interface TransportOptions {
  readonly server: ServerAddress;
  readonly token: string | null;
  /** Of the one certificate to believe. */
  readonly tlsFingerprint?: string | undefined;
  /** PEM: believed instead of the system's authorities. */
  readonly tlsCa?: string | undefined;
  readonly timeoutMs: number;
}

export interface Asked {
  readonly method?: "GET" | "HEAD" | "PATCH" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal | undefined;
  /** Until the answer begins; null: no limit. */
  readonly timeoutMs?: number | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: http.IncomingMessage;
}

const CONNECT_WITHIN_MS = 10_000;
const MOST_ERROR_BYTES = 1 << 20;
/** In all, where the server says again and again that a call comes too often. */
const MOST_WAITING_MS = 300_000;

export class Transport {
  readonly server: ServerAddress;
  readonly #options: TransportOptions;
  readonly #agent: http.Agent;
  #trust: Promise<Trust | null> | null = null;

  constructor(options: TransportOptions) {
    this.server = options.server;
    this.#options = options;
    this.#agent = new (options.server.isTls ? https : http).Agent({ keepAlive: true });
  }

  get where(): string {
    return hostPort(this.server);
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  /**
   * An answer with a status below 400. Waits where the server asks for it, and calls again.
   * Errors: FfclusterError; the reason of `signal`.
   */
  async ask(path: string, asked: Asked = {}): Promise<Answer> {
    for (let waited = 0; ; ) {
      const answer = await this.#askPatiently(path, asked);
      if (answer.status < 400) return answer;
      const seconds = Number(answer.headers["retry-after"] ?? Number.NaN);
      const waitMs = seconds * 1000;
      const error = await this.#errorOf(answer);
      if (answer.status !== 429 || !(waitMs >= 0) || waited + waitMs > MOST_WAITING_MS) throw error;
      waited += waitMs;
      await delay(waitMs, asked.signal);
      asked.signal?.throwIfAborted();
    }
  }

  /** A connection that was kept may just have been closed by the server: what changes nothing is asked once more. */
  async #askPatiently(path: string, asked: Asked): Promise<Answer> {
    const isRepeatable = ["GET", "HEAD"].includes(asked.method ?? "GET");
    try {
      return await this.#askOnce(path, asked);
    } catch (thrown) {
      if (!isRepeatable || !(thrown instanceof FfclusterError) || asked.signal?.aborted) throw thrown;
      if (thrown.code !== "E_UNREACHABLE" || !/ECONNRESET|EPIPE/.test(String(thrown.cause))) throw thrown;
      return await this.#askOnce(path, asked);
    }
  }

  async #askOnce(path: string, asked: Asked): Promise<Answer> {
    asked.signal?.throwIfAborted();
    const tls = await this.#tls();
    const { server } = this;
    const { token, timeoutMs } = this.#options;
    const own: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const length = asked.body === undefined ? {} : { "content-length": String(Buffer.byteLength(asked.body)) };
    const request: http.ClientRequest = (server.isTls ? https : http).request({
      host: server.host,
      port: server.port,
      path,
      method: asked.method ?? "GET",
      headers: { ...own, ...length, ...asked.headers },
      agent: this.#agent,
      ...tls,
    });
    const limitMs = asked.timeoutMs === undefined ? timeoutMs : asked.timeoutMs;
    const late = () => request.destroy(new Error(`no answer within ${limitMs} ms`));
    const timer = limitMs === null ? undefined : setTimeout(late, limitMs);
    const onAbort = () => request.destroy(asError(asked.signal?.reason));
    asked.signal?.addEventListener("abort", onAbort, { once: true });
    const answered = new Promise<Answer>((resolve, reject) => {
      request.on("error", (thrown) => reject(asked.signal?.aborted ? asked.signal.reason : this.#unreachable(thrown)));
      request.on("response", (body) => {
        body.once("close", () => asked.signal?.removeEventListener("abort", onAbort));
        resolve({ status: body.statusCode ?? 0, headers: body.headers, body });
      });
    });
    request.end(asked.body);
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
    }
  }

  async #tls(): Promise<https.RequestOptions> {
    if (!this.server.isTls) return {};
    this.#trust ??= this.#findTrust();
    const trust = await this.#trust.catch((thrown: unknown) => {
      this.#trust = null;
      throw thrown;
    });
    if (trust === null) return {};
    return { ca: trust.ca, ...(trust.serverName === undefined ? {} : { servername: trust.serverName }) };
  }

  /** Null: the system's authorities. Nothing but a greeting of TLS is sent before the certificate is known to be right. */
  async #findTrust(): Promise<Trust | null> {
    const { tlsFingerprint, tlsCa } = this.#options;
    if (tlsFingerprint === undefined) return tlsCa === undefined ? null : { ca: tlsCa };
    const wanted = parseFingerprint(tlsFingerprint);
    const hint = "Give the 64 hex digits that `ffcluster invite` prints.";
    if (wanted === null) throw new FfclusterError("E_BAD_OPTION", "tlsFingerprint is no SHA-256", hint);
    const found = await fetchCertificate(this.server, AbortSignal.timeout(CONNECT_WITHIN_MS)).catch((thrown) => {
      throw this.#unreachable(thrown);
    });
    const trust = pin(found.toString());
    if (fingerprintOf(found) === wanted && trust !== null) return trust;
    const message = `the server at ${this.where} shows another certificate`;
    throw new FfclusterError("E_CERTIFICATE", message, "Ask its operator; do not send it a token.");
  }

  #unreachable(thrown: unknown): FfclusterError {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `no answer from the server at ${this.where}: ${why}`;
    const code = /certificate|CERT_|self.signed/i.test(`${why} ${codeOf(thrown)}`) ? "E_CERTIFICATE" : "E_UNREACHABLE";
    const hint =
      code === "E_CERTIFICATE"
        ? "Give tlsFingerprint, which `ffcluster invite` prints, or tlsCa."
        : "Is it running, and is the address right? Try again.";
    return new FfclusterError(code, message, hint, null, thrown);
  }

  async #errorOf({ status, headers, body }: Answer): Promise<FfclusterError> {
    const text = await textOf(body, MOST_ERROR_BYTES).catch(() => "");
    const parsed = errorDocumentSchema.safeParse(parseJson(text));
    if (parsed.success) {
      const { code, message, hint } = parsed.data.error;
      return new FfclusterError(code, message, hint, status);
    }
    const named = errorDocumentSchema.safeParse({
      error: { code: headers["x-ffcluster-error"] ?? "E_PROTOCOL", message: "", hint: "" },
    });
    const code = named.success ? named.data.error.code : "E_PROTOCOL";
    const passing = status === 502 || status === 503 || status === 504;
    const message = `the server at ${this.where} answered ${status}`;
    return new FfclusterError(passing ? "E_UNREACHABLE" : code, message, "The server's log says more.", status);
  }
}

/** Errors: E_PROTOCOL for a body that is longer; what the connection throws. */
export async function textOf(body: AsyncIterable<Uint8Array>, most = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > most) throw new FfclusterError("E_PROTOCOL", "the answer is too long", "Is this an ffcluster server?");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

function codeOf(thrown: unknown): string {
  return typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
}
