// A stand-in for the coordinator: the client's side of the protocol (link, source blocks, results) on a real port with
// real bytes and digests, and faults on demand. It schedules nothing and verifies nothing but digests.
import { open, stat } from "node:fs/promises";
import { sha256Of, sha256OfFile } from "../../src/base/digest.ts";
import { newId } from "../../src/base/ids.ts";
import { appendOfRequest, headersOfState } from "../../src/base/upload/resumable-upload.ts";
import {
  type ClientMessage,
  clientMessageSchema,
  HEADER_REPORT,
  HEADER_SHA256,
  type Hello,
  PROTOCOL_VERSION,
  type ResultReport,
  resultReportSchema,
  type ServerMessage,
  type SourceOffer,
} from "../../src/cluster/protocol/messages.ts";
import { blockCount, blockRange } from "../../src/cluster/transfer/blocks.ts";
import { PartialFile } from "../../src/cluster/transfer/partial-file.ts";

export type BlockFault = "corrupt" | "cut" | "busy" | "gone" | "silent";

export interface StandInOptions {
  /** Folder for received results. */
  readonly folder: string;
  readonly token?: string;
  readonly port?: number;
  readonly nonce?: { readonly path: string; readonly sha256: string };
  readonly heartbeatMs?: number;
  readonly leaseMs?: number;
  readonly isPaused?: boolean;
  readonly protocol?: number;
  /** One that stands where another was: it knows that one's sources, as a restarted server does. */
  readonly successorOf?: StandInCoordinator;
}

export interface LandedResult {
  readonly attemptId: string;
  readonly report: ResultReport;
  readonly path: string;
  readonly sha256: string;
}

/** Things that happened, in order; `next` waits for one that has not been taken yet. */
export class Happenings<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #taken = new Set<T>();

  push(value: T): void {
    this.all.push(value);
    for (const wake of this.#waiting) wake();
  }

  async next<U extends T>(matches: (value: T) => value is U, timeoutMs?: number): Promise<U>;
  async next(matches: (value: T) => boolean, timeoutMs?: number): Promise<T>;
  async next(matches: (value: T) => boolean, timeoutMs = 60_000): Promise<T> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const found = this.all.find((value) => !this.#taken.has(value) && matches(value));
      if (found !== undefined) {
        this.#taken.add(found);
        return found;
      }
      const left = until - performance.now();
      if (left <= 0)
        throw new Error(`did not happen within ${timeoutMs} ms; seen: ${JSON.stringify(this.all).slice(-600)}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }
}

export class StandInCoordinator {
  readonly messages = new Happenings<ClientMessage>();
  readonly results = new Happenings<LandedResult>();
  readonly links = new Happenings<"open" | "closed">();
  /** Block numbers in the order asked for. */
  readonly blockRequests: number[] = [];
  /** Asked before each answer; null answers properly. */
  blockFault: (block: number, timesAsked: number) => BlockFault | null = () => null;
  /** Status for the next tries to upload a result, each of which begins with a question; null takes them. */
  resultStatus: (attemptId: string) => number | null = () => null;
  /** Attempts named in the next hello that are still wanted. */
  keepAttempts: (hello: Hello) => string[] = (hello) => hello.heldAttempts;
  /** Says goodbye with this instead of a welcome. */
  refusal: { readonly reason: string; readonly code: "E_IDENTITY_IN_USE" } | null = null;
  isSilent = false;
  /** Of every job; null: none. */
  sideFile: Uint8Array<ArrayBuffer> | null = null;
  readonly #options: StandInOptions;
  readonly #sources: Map<string, { path: string; offer: SourceOffer }>;
  readonly #server: Bun.Server<undefined>;
  #socket: Bun.ServerWebSocket<undefined> | null = null;
  readonly #incoming = new Map<string, PartialFile>();

  constructor(options: StandInOptions) {
    this.#options = options;
    this.#sources = new Map(options.successorOf === undefined ? [] : options.successorOf.#sources);
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: options.port ?? 0,
      idleTimeout: 0,
      development: false,
      fetch: (request, server) => this.#answer(request, server),
      websocket: {
        open: (socket) => {
          this.#socket = socket;
          this.links.push("open");
        },
        message: (_socket, text) => this.#received(String(text)),
        close: (socket) => {
          if (this.#socket === socket) this.#socket = null;
          this.links.push("closed");
        },
      },
    });
  }

  get port(): number {
    return this.#server.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async addSource(path: string, blockBytes: number): Promise<SourceOffer> {
    const { size, mtimeMs } = await stat(path);
    const digestOf = async (block: number) => {
      const range = blockRange(block, size, blockBytes);
      return await sha256OfFile(path, range.start, range.end - range.start);
    };
    const offer: SourceOffer = {
      sourceId: newId(),
      bytes: size,
      blockBytes,
      path,
      mtimeMs,
      firstBlockSha256: await digestOf(0),
      lastBlockSha256: await digestOf(blockCount(size, blockBytes) - 1),
    };
    this.#sources.set(offer.sourceId, { path, offer });
    return offer;
  }

  send(message: ServerMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Cuts the link without a goodbye. */
  dropLink(): void {
    this.#socket?.terminate();
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  #received(text: string): void {
    const message = clientMessageSchema.parse(JSON.parse(text));
    this.messages.push(message);
    if (this.isSilent) return;
    if (message.type === "heartbeat") this.send({ type: "heartbeat" });
    if (message.type !== "hello") return;
    if (this.refusal !== null) {
      this.send({ type: "goodbye", reconnect: false, ...this.refusal });
      return;
    }
    this.send({
      type: "welcome",
      protocol: this.#options.protocol ?? PROTOCOL_VERSION,
      version: "stand-in",
      nonce: this.#options.nonce ?? { path: "/nonexistent/nonce", sha256: "0".repeat(64) },
      heartbeatMs: this.#options.heartbeatMs ?? 2000,
      leaseMs: this.#options.leaseMs ?? 15_000,
      keepAttempts: this.keepAttempts(message),
      isPaused: this.#options.isPaused ?? false,
    });
  }

  async #answer(request: Request, server: Bun.Server<undefined>): Promise<Response | undefined> {
    const { pathname } = new URL(request.url);
    if (request.headers.get("authorization") !== `Bearer ${this.#options.token ?? "token"}`) {
      return Response.json(
        { code: "E_TOKEN", message: "the token is wrong", hint: "Use the right one." },
        { status: 401 },
      );
    }
    if (pathname === "/api/v1/link") {
      return server.upgrade(request, { data: undefined }) ? undefined : new Response(null, { status: 400 });
    }
    if (pathname === "/api/v1/hello")
      return Response.json({ protocol: this.#options.protocol ?? PROTOCOL_VERSION, version: "stand-in" });
    const block = /^\/api\/v1\/sources\/([^/]+)\/blocks\/(\d+)$/.exec(pathname);
    if (block) return await this.#answerBlock(block[1] ?? "", Number(block[2]));
    if (/\/side-files\/0$/.test(pathname) && this.sideFile !== null) return new Response(this.sideFile);
    const result = /^\/api\/v1\/attempts\/([^/]+)\/result$/.exec(pathname);
    if (result) return await this.#answerResult(result[1] ?? "", request);
    return Response.json({ code: "E_NOT_FOUND", message: "nothing here", hint: "" }, { status: 404 });
  }

  async #answerBlock(sourceId: string, block: number): Promise<Response> {
    const source = this.#sources.get(sourceId);
    if (!source) return Response.json({ code: "E_UNKNOWN_ID", message: "no such source", hint: "" }, { status: 404 });
    this.blockRequests.push(block);
    const fault = this.blockFault(block, this.blockRequests.filter((asked) => asked === block).length);
    const range = blockRange(block, source.offer.bytes, source.offer.blockBytes);
    const bytes = new Uint8Array(range.end - range.start);
    const file = await open(source.path, "r");
    try {
      await file.read(bytes, 0, bytes.length, range.start);
    } finally {
      await file.close();
    }
    const headers = { [HEADER_SHA256]: sha256Of(bytes) };
    switch (fault) {
      case null:
        return new Response(bytes, { headers });
      case "corrupt":
        bytes[0] = (bytes[0] ?? 0) ^ 0xff;
        return new Response(bytes, { headers });
      case "busy":
        return new Response("busy", { status: 503 });
      case "gone":
        return Response.json(
          { code: "E_SOURCE_CHANGED", message: "the source changed", hint: "Submit it again." },
          { status: 409 },
        );
      case "silent":
        return new Response(new ReadableStream({ start: (controller) => controller.enqueue(bytes.subarray(0, 10)) }), {
          headers,
        });
      case "cut":
        return new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(bytes.subarray(0, bytes.length >> 1));
            },
            pull: (controller) => controller.error(new Error("cut by the test")),
          }),
          { headers },
        );
    }
  }

  async #answerResult(attemptId: string, request: Request): Promise<Response> {
    const status = request.method === "HEAD" ? this.resultStatus(attemptId) : null;
    if (status !== null) {
      return Response.json(
        { code: status === 409 ? "E_STALE_ATTEMPT" : "E_INTERNAL", message: "no", hint: "" },
        { status },
      );
    }
    const report = resultReportSchema.parse(JSON.parse(request.headers.get(HEADER_REPORT) ?? "null"));
    const path = `${this.#options.folder}/result_${attemptId}`;
    const file = this.#incoming.get(path) ?? (await PartialFile.open(path, report.bytes));
    this.#incoming.set(path, file);
    const isLanded = () => this.results.all.some((result) => result.attemptId === attemptId);
    if (request.method === "HEAD") {
      const state = { offset: file.offset, isComplete: isLanded() };
      return new Response(null, { status: 204, headers: headersOfState(state, report.bytes) });
    }
    const append = appendOfRequest(request, request.signal);
    if (append === null || request.method !== "PATCH") return new Response(null, { status: 400 });
    await file.append(append);
    if (append.isLast && file.offset === file.bytes)
      this.results.push({ attemptId, report, path, sha256: await file.sha256() });
    return Response.json({}, { headers: headersOfState({ offset: file.offset, isComplete: isLanded() }) });
  }
}
