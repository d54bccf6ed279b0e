// The attempts' view of the connection: sends messages now, or once the link is up. The link behind it changes with
// every reconnect.
import type { ClientMessage } from "../../protocol/messages.ts";

export interface Outbox {
  /** Sends it now or not at all. False: it was not sent. */
  send(message: ClientMessage): boolean;
  /** Resolves once the server has welcomed this client. Throws the abort reason. */
  whenUp(signal: AbortSignal): Promise<void>;
  /** Sends it as soon as there is a link. Throws the abort reason. */
  deliver(message: ClientMessage, signal: AbortSignal): Promise<void>;
}

export interface SwitchableOutbox extends Outbox {
  /** Sets the link, once welcomed; null: it is gone. */
  use(link: { send(message: ClientMessage): boolean } | null): void;
}

export function createOutbox(): SwitchableOutbox {
  let link: { send(message: ClientMessage): boolean } | null = null;
  const waiting = new Set<() => void>();
  const send = (message: ClientMessage) => link?.send(message) ?? false;
  const nextUse = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const onUse = () => {
        signal.removeEventListener("abort", onAbort);
        waiting.delete(onUse);
        resolve();
      };
      const onAbort = () => {
        waiting.delete(onUse);
        reject(signal.reason);
      };
      waiting.add(onUse);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  return {
    send,
    async whenUp(signal) {
      signal.throwIfAborted();
      while (link === null) await nextUse(signal);
    },
    async deliver(message, signal) {
      signal.throwIfAborted();
      while (!send(message)) await nextUse(signal);
    },
    use(next) {
      link = next;
      if (next !== null) for (const wake of [...waiting]) wake();
    },
  };
}
