// The clients' WebSocket: each connection becomes a link of the coordinator, which keeps its own heartbeat and deadlines.
// Handlers only forward; a silent socket means nothing by itself.
import { AppError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { MAX_MESSAGE_BYTES } from "../cluster/protocol/messages.ts";
import type { Principal } from "../cluster/protocol/roles.ts";
import type { ClientLink, Coordinator, LinkSocket } from "../cluster/server/ports.ts";
import { type Route, route } from "./router.ts";

export interface LinkData {
  readonly who: Principal;
  link: ClientLink | null;
}

const UNSUPPORTED_DATA = 1003;
const INTERNAL_ERROR = 1011;

export function linkHandler(coordinator: Coordinator, log: Log): Bun.WebSocketHandler<LinkData> {
  return {
    maxPayloadLength: MAX_MESSAGE_BYTES,
    closeOnBackpressureLimit: true,
    backpressureLimit: 4 * MAX_MESSAGE_BYTES,
    open(socket) {
      const linkSocket: LinkSocket = {
        // 0 means dropped or closed, −1 queued; an empty text would be 0 too, but messages never are.
        send: (text) => socket.send(text) !== 0,
        close: (code, reason) => socket.close(code, reason),
      };
      socket.data.link = coordinator.openLink(linkSocket, socket.data.who);
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

export const linkRoutes: readonly Route[] = [
  route("GET /api/v1/link", ({ upgrade, spend }) => {
    spend("links");
    if (upgrade()) return undefined;
    throw new AppError("E_MALFORMED", "this address speaks WebSocket only", "`ffcluster join` connects here.");
  }),
];
