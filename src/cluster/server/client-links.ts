// One link per connected client: the hello, heartbeats, and messages both ways as inputs and effects.
// Knows sockets only through LinkSocket; who is alive and what to do about it is the scheduler's business.
import { sha256Of } from "../../base/digest.ts";
import type { Log } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import {
  type ClientMessage,
  clientMessageSchema,
  HEARTBEAT_MS,
  type Hello,
  LEASE_MS,
  PROTOCOL_VERSION,
  type ServerMessage,
} from "../protocol/messages.ts";
import type { Input } from "../scheduler/types.ts";
import type { ClientLink, LinkSocket } from "./ports.ts";

interface OpenLink {
  readonly number: number;
  readonly socket: LinkSocket;
}

export interface ClientLinksOptions {
  readonly noncePath: string;
  readonly nonce: string;
  readonly dispatch: (input: Input) => void;
  readonly log: Log;
}

export class ClientLinks {
  readonly #options: ClientLinksOptions;
  readonly #links = new Map<string, OpenLink>();
  /** Sockets that have not said hello yet, and all others. */
  readonly #sockets = new Set<LinkSocket>();
  #linkCount = 0;
  readonly #heartbeat: ReturnType<typeof setInterval>;

  constructor(options: ClientLinksOptions) {
    this.#options = options;
    this.#heartbeat = setInterval(() => {
      for (const { socket } of this.#links.values()) socket.send(JSON.stringify({ type: "heartbeat" }));
    }, HEARTBEAT_MS);
  }

  open(socket: LinkSocket): ClientLink {
    this.#linkCount += 1;
    const number = this.#linkCount;
    this.#sockets.add(socket);
    let clientId: string | null = null;
    return {
      received: (text) => {
        const message = parseMessage(text);
        if (message === null) {
          this.#options.log.warn("a client sent a message that is not of the protocol", { text: text.slice(0, 200) });
          socket.close(1008, "message not of the protocol");
        } else if (message.type === "hello") {
          clientId = this.#takeHello(message, number, socket);
        } else if (clientId !== null && message.type === "goodbye") {
          // Now, not when the socket has closed: nothing must be offered to a client that leaves.
          this.#options.dispatch({ type: "client-link-closed", clientId, link: number, saidGoodbye: true });
        } else if (clientId !== null) {
          this.#forward(clientId, number, message);
        }
      },
      closed: () => {
        this.#sockets.delete(socket);
        if (clientId === null) return;
        if (this.#links.get(clientId)?.number === number) this.#links.delete(clientId);
        this.#options.dispatch({ type: "client-link-closed", clientId, link: number, saidGoodbye: false });
      },
    };
  }

  /** False when the client has no live link; the lease then decides. */
  send(clientId: string, message: ServerMessage): boolean {
    const link = this.#links.get(clientId);
    if (link === undefined) return false;
    const sent = link.socket.send(JSON.stringify(message));
    if (!sent) link.socket.close(1011, "link is stuck");
    return sent;
  }

  welcome(clientId: string, keepAttempts: readonly string[]): void {
    this.send(clientId, {
      type: "welcome",
      protocol: PROTOCOL_VERSION,
      version: VERSION,
      nonce: { path: this.#options.noncePath, sha256: sha256Of(this.#options.nonce) },
      heartbeatMs: HEARTBEAT_MS,
      leaseMs: LEASE_MS,
      keepAttempts: [...keepAttempts],
    });
  }

  close(clientId: string, reason: string, reconnect: boolean): void {
    this.send(clientId, { type: "goodbye", reason, reconnect });
    this.#links.get(clientId)?.socket.close(1000, reason.slice(0, 100));
  }

  shutDown(): void {
    clearInterval(this.#heartbeat);
    for (const clientId of [...this.#links.keys()]) this.close(clientId, "the server stops", true);
    for (const socket of this.#sockets) socket.close(1001, "the server stops");
  }

  #takeHello(hello: Hello, number: number, socket: LinkSocket): string | null {
    if (hello.protocol !== PROTOCOL_VERSION) {
      const reason = `the server ${VERSION} speaks protocol ${PROTOCOL_VERSION}, the client ${hello.version} protocol ${hello.protocol}: use the same ffcluster on both`;
      socket.send(JSON.stringify({ type: "goodbye", reason, reconnect: false }));
      socket.close(1008, "protocol version");
      return null;
    }
    const older = this.#links.get(hello.clientId);
    this.#links.set(hello.clientId, { number, socket });
    if (older !== undefined && older.number !== number) older.socket.close(1000, "replaced by a newer link");
    this.#options.dispatch({
      type: "client-hello",
      client: {
        id: hello.clientId,
        name: hello.name,
        slots: hello.slots,
        platform: hello.platform,
        ffmpeg: hello.ffmpeg,
        version: hello.version,
        encoders: hello.encoders,
        families: hello.families,
        benchmarkSeconds: hello.benchmarkSeconds,
        link: number,
        heldAttempts: hello.heldAttempts,
      },
    });
    return hello.clientId;
  }

  #forward(clientId: string, link: number, message: Exclude<ClientMessage, Hello>): void {
    this.#options.dispatch({ type: "client-heard", clientId, link });
    if (message.type === "progress") {
      const { attemptId, stage, frames, fps } = message;
      this.#options.dispatch({ type: "attempt-progressed", clientId, attemptId, stage, frames, fps });
    } else if (message.type === "attempt-failed") {
      const { attemptId, kind, reason } = message;
      this.#options.dispatch({ type: "attempt-failed", clientId, attemptId, kind, reason });
    } else if (message.type === "attempt-measured") {
      const { attemptId, bits, frames, seconds } = message;
      this.#options.dispatch({ type: "attempt-measured", clientId, attemptId, bits, frames, seconds });
    }
  }
}

function parseMessage(text: string): ClientMessage | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
  const parsed = clientMessageSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}
