// One WebSocket link to the server, from connect to its end: hello, welcome, heartbeats both ways, and a watchdog,
// because a socket does not notice a frozen or unreachable server (docs/MEASURED.md §6). Does not know what other
// messages mean.
import type { Log } from "../../../base/log.ts";
import {
  type ClientMessage,
  HEARTBEAT_MS,
  type Hello,
  LEASE_MS,
  PROTOCOL_VERSION,
  type ServerMessage,
  serverMessageSchema,
} from "../../protocol/messages.ts";
import type { Remote } from "./remote.ts";

export type Welcome = Extract<ServerMessage, { type: "welcome" }>;
type Goodbye = Extract<ServerMessage, { type: "goodbye" }>;

export type LinkEnd =
  /** Cut, closed or never opened: try again later. */
  | { readonly kind: "lost"; readonly wasWelcomed: boolean; readonly reason: string }
  /** The server said goodbye. */
  | {
      readonly kind: "goodbye";
      readonly wasWelcomed: boolean;
      readonly reason: string;
      readonly reconnect: boolean;
      readonly code?: Goodbye["code"];
    };

export interface LinkOptions {
  readonly remote: Remote;
  readonly hello: Hello;
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onMessage: (message: ServerMessage) => void;
  readonly log: Log;
}

export interface Link {
  /** False: the link is down or congested, and the message is lost. */
  send(message: ClientMessage): boolean;
  readonly ended: Promise<LinkEnd>;
  /** Says goodbye and closes; resolves when closed, after a second at most. */
  leave(): Promise<void>;
}

/** Above this the link is congested: a progress message would be outdated when it arrives. */
const MOST_BUFFERED_BYTES = 1 << 20;
const WATCH_EVERY_MS = 500;
const CLOSE_WITHIN_MS = 1000;

export function openLink(options: LinkOptions): Link {
  const { log } = options;
  const ended = Promise.withResolvers<LinkEnd>();
  let leaseMs = LEASE_MS;
  let wasWelcomed = false;
  let goodbye: Goodbye | null = null;
  let lastReceivedMs = performance.now();
  let lastError = "";

  const socket = openSocket(options.remote);
  const send = (message: ClientMessage): boolean => {
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > MOST_BUFFERED_BYTES) return false;
    socket.send(JSON.stringify(message));
    return true;
  };
  let heartbeat = setInterval(() => send({ type: "heartbeat" }), HEARTBEAT_MS);
  let isOver = false;
  const finish = (reason: string) => {
    isOver = true;
    clearInterval(heartbeat);
    clearInterval(watchdog);
    ended.resolve(endOf(goodbye, wasWelcomed, reason));
  };
  const watchdog = setInterval(() => {
    const silentMs = performance.now() - lastReceivedMs;
    if (silentMs < leaseMs) return;
    finish(`the server was silent for ${Math.round(silentMs / 1000)} s`);
    socket.terminate();
  }, WATCH_EVERY_MS);
  const take = (message: ServerMessage) => {
    if (message.type === "goodbye") {
      goodbye = message;
      socket.close(1000);
    } else if (message.type === "welcome" && message.protocol !== PROTOCOL_VERSION) {
      const reason = `the server speaks protocol ${message.protocol}, this client ${PROTOCOL_VERSION}`;
      goodbye = { type: "goodbye", reason, reconnect: false };
      socket.close(1000);
    } else if (message.type === "welcome") {
      wasWelcomed = true;
      leaseMs = message.leaseMs;
      clearInterval(heartbeat);
      heartbeat = setInterval(() => send({ type: "heartbeat" }), message.heartbeatMs);
      options.onWelcome(message);
    } else if (message.type !== "heartbeat") {
      options.onMessage(message);
    }
  };
  socket.onopen = () => {
    lastReceivedMs = performance.now();
    send(options.hello);
  };
  socket.onmessage = (event) => {
    if (isOver || goodbye) return; // late messages of a link that is given up
    lastReceivedMs = performance.now();
    const message = parseMessage(String(event.data));
    if (message) take(message);
    else log.warn("the server sent a message that this version does not know");
  };
  socket.onerror = (event) => {
    lastError = "message" in event ? String(event.message) : "connection failed";
  };
  socket.onclose = (event) => finish(lastError || event.reason || `connection closed (${event.code})`);

  return {
    send,
    ended: ended.promise,
    async leave() {
      send({ type: "goodbye" });
      socket.close(1000);
      const timer = setTimeout(() => {
        finish("left");
        socket.terminate();
      }, CLOSE_WITHIN_MS);
      await ended.promise;
      clearTimeout(timer);
    },
  };
}

function openSocket({ serverUrl, token, tls }: Remote): WebSocket {
  return new WebSocket(`${serverUrl.replace(/^http/, "ws")}/api/v1/link`, {
    headers: { authorization: `Bearer ${token}` },
    ...(tls === undefined ? {} : { tls }),
  });
}

/** `reason`: why the connection closed; the server's own reason comes first. */
function endOf(goodbye: Goodbye | null, wasWelcomed: boolean, reason: string): LinkEnd {
  if (goodbye === null) return { kind: "lost", wasWelcomed, reason };
  return { kind: "goodbye", wasWelcomed, reason: goodbye.reason, reconnect: goodbye.reconnect, code: goodbye.code };
}

function parseMessage(text: string): ServerMessage | null {
  try {
    const parsed = serverMessageSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}
