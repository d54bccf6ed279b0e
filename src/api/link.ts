// WebSockets: what a route makes of one receives its messages. The clients' link is here; it keeps its own heartbeat and
// deadlines. Handlers only forward; a silent socket means nothing by itself.
import { AppError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { MAX_MESSAGE_BYTES } from "../cluster/protocol/messages.ts";
import type { ClientLink, LinkSocket } from "../cluster/server/ports.ts";
import { type Route, route } from "./router.ts";

/** What becomes of a socket once it is open. */
export type OpenSocket = (socket: LinkSocket) => ClientLink;

export interface SocketData {
  readonly open: OpenSocket;
  link: ClientLink | null;
}

const UNSUPPORTED_DATA = 1003;
const INTERNAL_ERROR = 1011;

export function socketHandler(log: Log): Bun.WebSocketHandler<SocketData> {
  return {
    maxPayloadLength: MAX_MESSAGE_BYTES,
    closeOnBackpressureLimit: true,
    backpressureLimit: 4 * MAX_MESSAGE_BYTES,
    open(socket) {
      socket.data.link = socket.data.open({
        // 0 means dropped or closed, −1 queued; an empty text would be 0 too, but messages never are.
        send: (text) => socket.send(text) !== 0,
        close: (code, reason) => socket.close(code, reason),
      });
    },
    message(socket, message) {
      if (typeof message !== "string") {
        socket.close(UNSUPPORTED_DATA, "messages are JSON text");
        return;
      }
      try {
        socket.data.link?.received(message);
      } catch (thrown) {
        log.error(`a client's message failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
        socket.close(INTERNAL_ERROR, "the server met an error of its own");
      }
    },
    close(socket) {
      socket.data.link?.closed();
      socket.data.link = null;
    },
  };
}

/** The answer to a request for a WebSocket that is none. */
export function notASocket(hint: string): AppError {
  return new AppError("E_MALFORMED", "this address speaks WebSocket only", hint);
}

export const linkRoutes: readonly Route[] = [
  route("GET /api/v1/link", ({ coordinator, who, upgrade, spend }) => {
    spend("links");
    if (upgrade((socket) => coordinator.openLink(socket, who))) return undefined;
    throw notASocket("`ffcluster join` connects here.");
  }),
];
