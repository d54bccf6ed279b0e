// One link per connected client: the hello, heartbeats, and messages both ways as inputs and effects.
// Knows sockets only through LinkSocket; the scheduler decides who is alive and what follows from it.
import { Allowance } from "../../base/allowance.ts";
import { sha256Of } from "../../base/digest.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { VERSION } from "../../base/version.ts";
import {
  type ClientMessage,
  HEARTBEAT_MS,
  type Hello,
  LEASE_MS,
  PROTOCOL_VERSION,
  type ServerMessage,
} from "../protocol/messages.ts";
import type { Principal } from "../protocol/roles.ts";
import type { Effect } from "../scheduler/model/decision.ts";
import type { Input } from "../scheduler/model/input.ts";
import type { Tokens } from "./access/tokens.ts";
import { abilitiesOf, clientOf, parseMessage, refuse, refuseMessage, tooMany } from "./link-messages.ts";
import { Newcomers } from "./newcomers.ts";
import type { ClientLink, LinkSocket } from "./ports.ts";
import type { AttemptSecrets } from "./transfers/attempt-secrets.ts";

interface OpenLink {
  readonly number: number;
  readonly socket: LinkSocket;
  readonly hello: Hello;
  readonly who: Principal;
}

/** At a time, and of all that the server remembers. */
const MOST_LINKS = 2000;
const MOST_CLIENTS = 10_000;
const TOO_MANY = "the server knows as many clients as it takes";
/** A client says hello at once. */
const HELLO_WITHIN_MS = 10_000;
/** A client of 256 slots says 512 in a second; what waited while this process did not run comes at once. */
const MESSAGES_PER_SECOND = 1000;
const MOST_MESSAGES_AT_ONCE = 5000;
/** Sockets that have not said hello yet. */
const MOST_SILENT = 500;

export interface ClientLinksOptions {
  readonly noncePath: string;
  readonly nonce: string;
  readonly dispatch: (input: Input) => void;
  readonly log: Log;
  /** All that are known, connected or not. */
  readonly clientIds: () => { readonly size: number; has(clientId: string): boolean };
  readonly secrets: Pick<AttemptSecrets, "isRight">;
  readonly tokens: Pick<Tokens, "bind">;
}

export class ClientLinks {
  readonly #options: ClientLinksOptions;
  readonly #links = new Map<string, OpenLink>();
  /** All sockets, with and without a hello. */
  readonly #sockets = new Set<LinkSocket>();
  readonly #newcomers: Newcomers;
  #linkCount = 0;
  readonly #heartbeat: ReturnType<typeof setInterval>;

  constructor(options: ClientLinksOptions) {
    this.#options = options;
    this.#newcomers = new Newcomers(options.log);
    this.#heartbeat = setInterval(() => {
      for (const { socket } of this.#links.values()) socket.send(JSON.stringify({ type: "heartbeat" }));
    }, HEARTBEAT_MS);
  }

  open(socket: LinkSocket, who: Principal): ClientLink {
    this.#linkCount += 1;
    const number = this.#linkCount;
    this.#sockets.add(socket);
    if (this.#sockets.size - this.#links.size > MOST_SILENT) socket.close(1013, "too many without a hello");
    let clientId: string | null = null;
    let hasGreeted = false;
    let isRefused = false;
    const messages = new Allowance(MOST_MESSAGES_AT_ONCE, MESSAGES_PER_SECOND);
    const silent = setTimeout(() => {
      if (!hasGreeted) socket.close(1008, "no hello");
    }, HELLO_WITHIN_MS);
    silent.unref();
    const onEnd = () => {
      const reason = toAppError(who.ended.reason).message;
      if (clientId !== null && this.#links.get(clientId)?.number === number) this.#sendAway(clientId, reason);
      else refuse(socket, "E_FORBIDDEN", reason);
    };
    who.ended.addEventListener("abort", onEnd, { once: true });
    return {
      received: (text) => {
        if (isRefused) return; // what it had sent before it knew
        const message = messages.take() > 0 ? tooMany() : parseMessage(text);
        if (message instanceof AppError) {
          const { log } = this.#options;
          log.warn("a client sent a message that is not part of the protocol", { text: text.slice(0, 200) });
          isRefused = true;
          refuseMessage(socket, message);
        } else if (message.type === "hello" && hasGreeted) {
          isRefused = true;
          refuseMessage(socket, new AppError("E_MALFORMED", "a link has one hello", "Open another link."));
        } else if (message.type === "hello") {
          hasGreeted = true;
          this.#meet(message, socket, who, () => {
            clientId = message.clientId;
            this.#takeHello({ number, socket, hello: message, who });
          });
        } else if (clientId !== null && message.type === "goodbye") {
          // At once, not when the socket has closed: a client that leaves must get no more offers.
          this.#options.dispatch({ type: "client-link-closed", clientId, link: number, saidGoodbye: true });
        } else if (clientId !== null) {
          const holder = this.#links.get(clientId);
          if (holder?.number === number) this.#newcomers.refuse(holder.hello);
          this.#forward(clientId, number, message);
        }
      },
      closed: () => {
        this.#sockets.delete(socket);
        clearTimeout(silent);
        who.ended.removeEventListener("abort", onEnd);
        this.#newcomers.forgetSocket(socket);
        if (clientId === null) return;
        if (this.#links.get(clientId)?.number === number) this.#links.delete(clientId);
        this.#newcomers.takeNow(clientId);
        this.#options.dispatch({ type: "client-link-closed", clientId, link: number, saidGoodbye: false });
      },
    };
  }

  /** False when the client has no working link; its lease then decides what happens to its work. */
  send(clientId: string, message: ServerMessage): boolean {
    const link = this.#links.get(clientId);
    if (link === undefined) return false;
    const sent = link.socket.send(JSON.stringify(message));
    if (!sent) link.socket.close(1011, "link is stuck");
    return sent;
  }

  /** To every client with a link; the others learn it in another way. */
  sendAll(message: ServerMessage): void {
    for (const clientId of [...this.#links.keys()]) this.send(clientId, message);
  }

  welcome({ clientId, keepAttempts, name, isPaused }: Extract<Effect, { readonly type: "welcome" }>): void {
    this.send(clientId, {
      type: "welcome",
      protocol: PROTOCOL_VERSION,
      version: VERSION,
      nonce: { path: this.#options.noncePath, sha256: sha256Of(this.#options.nonce) },
      heartbeatMs: HEARTBEAT_MS,
      leaseMs: LEASE_MS,
      keepAttempts: [...keepAttempts],
      name,
      isPaused,
    });
  }

  close(clientId: string, reason: string, reconnect: boolean): void {
    this.send(clientId, { type: "goodbye", reason, reconnect });
    this.#links.get(clientId)?.socket.close(1000, reason.slice(0, 100));
  }

  /** The key of a client is worth nothing from now on. Its link has ended; or it was down, and leases wait for it to come back. */
  endLeases(clientId: string | null): void {
    if (clientId !== null && !this.#links.has(clientId)) {
      this.#options.dispatch({ type: "client-disconnect-requested", clientId });
    }
  }

  #sendAway(clientId: string, reason: string): void {
    this.close(clientId, reason, false);
    this.#options.dispatch({ type: "client-disconnect-requested", clientId });
  }

  shutDown(): void {
    clearInterval(this.#heartbeat);
    this.#newcomers.forgetAll();
    for (const clientId of [...this.#links.keys()]) this.close(clientId, "the server stops", true);
    for (const socket of this.#sockets) socket.close(1001, "the server stops");
  }

  /** Refuses a client with another protocol, and a second process with the id of a client that is still running. */
  #meet(hello: Hello, socket: LinkSocket, who: Principal, take: () => void): void {
    if (hello.protocol !== PROTOCOL_VERSION) {
      const reason = `the server ${VERSION} speaks protocol ${PROTOCOL_VERSION}, the client ${hello.version} protocol ${hello.protocol}: use the same ffcluster on both`;
      refuse(socket, "E_PROTOCOL", reason);
      return;
    }
    const { clientId } = hello;
    if (who.ended.aborted || !this.#options.tokens.bind(who.tokenId, clientId)) {
      refuse(socket, "E_FORBIDDEN", `the token ${who.name} is not for client ${clientId}`);
      return;
    }
    if (this.#isCrowded(clientId)) {
      this.#options.log.warn("a client was refused: there are too many");
      socket.send(JSON.stringify({ type: "goodbye", reason: TOO_MANY, reconnect: true } satisfies ServerMessage));
      socket.close(1013, "too many clients");
      return;
    }
    const known = this.#links.get(clientId);
    this.#newcomers.forget(clientId);
    if (known === undefined || known.hello.instance === hello.instance) {
      take();
      return;
    }
    this.#newcomers.wait(hello, socket, () => {
      if (!who.ended.aborted) take(); // it waited
    });
  }

  /** Of those that ever joined too: each has its row for ever. */
  #isCrowded(clientId: string): boolean {
    if (this.#links.has(clientId)) return false;
    const ids = this.#options.clientIds();
    return this.#links.size >= MOST_LINKS || (ids.size >= MOST_CLIENTS && !ids.has(clientId));
  }

  #takeHello(link: OpenLink): void {
    const { hello, number } = link;
    const older = this.#links.get(hello.clientId);
    this.#links.set(hello.clientId, link);
    if (older !== undefined && older.number !== number) older.socket.close(1000, "replaced by a newer link");
    this.#options.dispatch({
      type: "client-hello",
      client: clientOf(hello, number),
    });
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
      if (!this.#options.secrets.isRight(message.attemptId, message.secret)) return;
      const { attemptId, bits, frames, seconds } = message;
      this.#options.dispatch({ type: "attempt-measured", clientId, attemptId, bits, frames, seconds });
    } else if (message.type === "leaving") {
      this.#options.dispatch({ type: "client-leaving", clientId, link });
    } else if (message.type === "abilities") {
      this.#options.dispatch({ type: "client-changed", clientId, link, ...abilitiesOf(message) });
    }
  }
}
