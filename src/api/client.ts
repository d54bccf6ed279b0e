// The typed client of the REST contract: what every command uses to reach a server. Answers are checked against the
// contract's schemas; failures are AppErrors (http-call.ts). Big bodies are in upload.ts and download.ts.
import { z } from "zod";
import { AppError } from "../base/errors.ts";
import {
  attemptLogSchema,
  clientDetailSchema,
  clientSchema,
  createdTokenSchema,
  type JobView,
  jobDetailSchema,
  jobSchema,
  localChallengeSchema,
  serverInfoSchema,
  sourceSchema,
  tokenSchema,
  uploadBegunSchema,
} from "../cluster/server/views.ts";
import { createdWebhookSchema, deliverySchema, webhookSchema } from "../cluster/server/webhook-views.ts";
import { proofSchema } from "../media/model/proof.ts";
import {
  API_PREFIX,
  type CreateJob,
  inviteSchema,
  isTerminal,
  type MoveJob,
  type NewToken,
  type RequestCheck,
  requestCheckedSchema,
  type UploadWanted,
} from "./contract.ts";
import { readEventStream } from "./event-stream.ts";
import {
  type CallOptions,
  type Connection,
  call,
  callForJson,
  callJson,
  type JsonAnswer,
  nextPage,
  post,
} from "./http-call.ts";
import { hostPort } from "./server-address.ts";
import type { NewWebhook } from "./webhooks/webhook-contract.ts";

/** The server probes a source before it takes a job, which may be slow on a slow disk. */
const SLOW_CALL_MS = 300_000;
/** An endpoint has 15 s. */
const WEBHOOK_TEST_MS = 30_000;
/** The server sends a sign of life every 5 s. */
const SILENCE_MS = 20_000;

const ITEMS_OF_A_PAGE = 1000;

const part = (id: string): string => encodeURIComponent(id);

export class ApiClient {
  readonly connection: Connection;
  readonly #signal: AbortSignal | undefined;

  /** `signal` ends every call of this client. */
  constructor(connection: Connection, signal?: AbortSignal) {
    this.connection = connection;
    this.#signal = signal;
  }

  #get<T>(path: string, schema: z.ZodType<T>, options: CallOptions = {}): Promise<T> {
    return callJson(this.connection, API_PREFIX + path, schema, { signal: this.#signal, ...options });
  }

  /** `enough`: no further page once there are so many. */
  async #all<T>(path: string, schema: z.ZodType<T>, enough = Number.POSITIVE_INFINITY): Promise<T[]> {
    const items: T[] = [];
    for (let next: string | null = API_PREFIX + path; next !== null && items.length < enough; ) {
      const page: JsonAnswer<T[]> = await callForJson(this.connection, next, z.array(schema), { signal: this.#signal });
      for (const item of page.body) items.push(item);
      next = nextPage(page.headers);
    }
    return items;
  }

  #send<T>(path: string, body: unknown, schema: z.ZodType<T>, timeoutMs?: number): Promise<T> {
    const options = { signal: this.#signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    return callJson(this.connection, API_PREFIX + path, schema, post(body, options));
  }

  hello(timeoutMs?: number) {
    return this.#get("/hello", serverInfoSchema, timeoutMs === undefined ? {} : { timeoutMs });
  }

  checkRequest(wanted: RequestCheck) {
    return this.#send("/requests/check", wanted, requestCheckedSchema);
  }

  challengeLocalSource(file: { readonly path: string; readonly bytes: number; readonly mtime_ms: number }) {
    return this.#send("/sources/local", file, localChallengeSchema);
  }

  proveLocalSource(challengeId: string, digests: readonly string[]) {
    return this.#send(`/sources/local/${part(challengeId)}`, { digests }, sourceSchema, SLOW_CALL_MS);
  }

  /** Opens an upload, or continues the unfinished one of the same key. */
  beginUpload(wanted: UploadWanted) {
    return this.#send("/sources", wanted, uploadBegunSchema);
  }

  openServerSource(path: string) {
    return this.#send("/sources/on-server", { path }, sourceSchema, SLOW_CALL_MS);
  }

  /** `key`: asked again with it, within a day, the server answers with the job that it made; null: each call makes one. */
  createJob(job: CreateJob, key: string | null = null) {
    const headers: Record<string, string> = key === null ? {} : { "idempotency-key": key };
    const options = post(job, { signal: this.#signal, timeoutMs: SLOW_CALL_MS, headers });
    return callJson(this.connection, `${API_PREFIX}/jobs`, jobSchema, options);
  }

  /** All of them, page by page: a server with very many goes on with its work in between. */
  listJobs(status: string | null) {
    const query = status === null ? "" : `&status=${part(status)}`;
    return this.#all(`/jobs?limit=${ITEMS_OF_A_PAGE}${query}`, jobSchema);
  }

  /** The newest ones, in the order in which they were made. */
  async latestJobs(count: number, status: string | null): Promise<JobView[]> {
    const query = status === null ? "" : `&status=${part(status)}`;
    const limit = Math.min(count, ITEMS_OF_A_PAGE);
    const path = `/jobs?limit=${limit}&order=desc${query}`;
    return (await this.#all(path, jobSchema, count)).slice(0, count).reverse();
  }

  job(id: string) {
    return this.#get(`/jobs/${part(id)}`, jobSchema);
  }

  jobDetail(id: string) {
    return this.#get(`/jobs/${part(id)}/detail`, jobDetailSchema);
  }

  jobLogs(id: string) {
    return this.#get(`/jobs/${part(id)}/logs`, z.array(attemptLogSchema));
  }

  cancelJob(id: string) {
    return this.#send(`/jobs/${part(id)}/cancel`, {}, jobSchema);
  }

  moveJob(id: string, move: MoveJob) {
    return this.#send(`/jobs/${part(id)}/move`, move, jobSchema);
  }

  /** Slow: the server checks every finished segment first. */
  retryJob(id: string) {
    return this.#send(`/jobs/${part(id)}/retry`, {}, jobSchema, SLOW_CALL_MS);
  }

  proof(id: string) {
    return this.#get(`/jobs/${part(id)}/proof`, proofSchema);
  }

  listClients() {
    return this.#all(`/clients?limit=${ITEMS_OF_A_PAGE}`, clientSchema);
  }

  client(id: string) {
    return this.#get(`/clients/${part(id)}`, clientDetailSchema);
  }

  drainClient(id: string) {
    return this.#send(`/clients/${part(id)}/drain`, {}, clientSchema);
  }

  pauseClient(id: string) {
    return this.#send(`/clients/${part(id)}/pause`, {}, clientSchema);
  }

  resumeClient(id: string) {
    return this.#send(`/clients/${part(id)}/resume`, {}, clientSchema);
  }

  disconnectClient(id: string) {
    return this.#send(`/clients/${part(id)}/disconnect`, {}, clientSchema);
  }

  invite() {
    return this.#get("/invite", inviteSchema);
  }

  listTokens() {
    return this.#all(`/tokens?limit=${ITEMS_OF_A_PAGE}`, tokenSchema);
  }

  createToken(wanted: NewToken) {
    return this.#send("/tokens", wanted, createdTokenSchema);
  }

  revokeToken(name: string) {
    return this.#send(`/tokens/${part(name)}/revoke`, {}, tokenSchema);
  }

  rotateToken(name: string) {
    return this.#send(`/tokens/${part(name)}/rotate`, {}, createdTokenSchema);
  }

  listWebhooks() {
    return this.#get("/webhooks", z.array(webhookSchema));
  }

  createWebhook(wanted: NewWebhook) {
    return this.#send("/webhooks", wanted, createdWebhookSchema);
  }

  removeWebhook(name: string) {
    return this.#get(`/webhooks/${part(name)}`, webhookSchema, { method: "DELETE" });
  }

  /** Waits for what the other side answers. */
  testWebhook(name: string) {
    return this.#send(`/webhooks/${part(name)}/test`, {}, deliverySchema, WEBHOOK_TEST_MS);
  }

  webhookDeliveries(name: string, limit: number) {
    return this.#get(`/webhooks/${part(name)}/deliveries?limit=${limit}`, z.array(deliverySchema));
  }

  jobDeliveries(id: string, limit: number) {
    return this.#get(`/jobs/${part(id)}/deliveries?limit=${limit}`, z.array(deliverySchema));
  }

  /**
   * The job's view now and at every change, until it is terminal.
   * Errors: E_UNREACHABLE when the stream breaks before that; call again to continue.
   */
  async *watchJob(id: string): AsyncGenerator<JobView> {
    const broken = (cause?: unknown) =>
      new AppError("E_UNREACHABLE", `the link to ${hostPort(this.connection.server)} broke`, "Try again.", {
        cause,
        retry: true,
      });
    const response = await call(this.connection, `${API_PREFIX}/jobs/${part(id)}/watch`, { signal: this.#signal });
    if (response.body === null) throw broken();
    try {
      for await (const data of readEventStream(response.body, SILENCE_MS, broken)) {
        const view = jobSchema.parse(JSON.parse(data));
        yield view;
        if (isTerminal(view.status)) return;
      }
    } catch (thrown) {
      this.#signal?.throwIfAborted();
      throw thrown instanceof AppError ? thrown : broken(thrown);
    }
    this.#signal?.throwIfAborted();
    throw broken();
  }
}
