// Hellos with the id of a client that already has a link: a process that was started again, or one with a copy of the
// identity. Each waits to see whether the holder of the id still sends messages.
import type { Log } from "../../base/log.ts";
import type { Hello } from "../protocol/messages.ts";
import { placeOf, refuse } from "./link-messages.ts";
import type { LinkSocket } from "./ports.ts";

interface Newcomer {
  readonly hello: Hello;
  readonly socket: LinkSocket;
  readonly take: () => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** A running client sends something every 2 s; one that is silent for more than twice that long is gone. */
const ALIVE_WITHIN_MS = 5000;

export class Newcomers {
  readonly #log: Log;
  /** By client id. */
  readonly #waiting = new Map<string, Newcomer>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** `take`: called once, when the holder is gone. */
  wait(hello: Hello, socket: LinkSocket, take: () => void): void {
    const { clientId } = hello;
    const takeOnce = () => {
      this.forget(clientId);
      take();
    };
    const timer = setTimeout(takeOnce, ALIVE_WITHIN_MS);
    this.#waiting.set(clientId, { hello, socket, take: takeOnce, timer });
  }

  /** The holder of the id has sent a message: two running processes share one identity, and the newcomer is refused. */
  refuse(holder: Hello): void {
    const { clientId } = holder;
    const newcomer = this.#waiting.get(clientId);
    if (newcomer === undefined) return;
    this.forget(clientId);
    const reason = `the identity ${clientId} belongs to ${placeOf(holder)}; ${placeOf(newcomer.hello)} has a copy of it`;
    this.#log.warn("a copied identity was refused", { reason });
    refuse(newcomer.socket, "E_IDENTITY_IN_USE", reason);
  }

  /** The link of the id's holder is closed. */
  takeNow(clientId: string): void {
    this.#waiting.get(clientId)?.take();
  }

  forget(clientId: string): void {
    clearTimeout(this.#waiting.get(clientId)?.timer);
    this.#waiting.delete(clientId);
  }

  forgetSocket(socket: LinkSocket): void {
    for (const [clientId, newcomer] of this.#waiting) if (newcomer.socket === socket) this.forget(clientId);
  }

  forgetAll(): void {
    for (const clientId of [...this.#waiting.keys()]) this.forget(clientId);
  }
}
