// Streams about all jobs, all clients, or both: a snapshot, then the view of whatever changes, each with an id. Who comes back
// with `Last-Event-ID` gets what has changed since; where that id is of another run of the server, a snapshot again.
import type { FeedEvent, Followed } from "../../cluster/server/lists.ts";
import type { Call } from "../router.ts";
import { streamEvents } from "./stream-events.ts";

const KEEP_ALIVE_MS = 15_000;

export function textOf({ id, type, data }: FeedEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function follow(...follows: readonly Followed[]) {
  return (call: Call): Response =>
    streamEvents(call, KEEP_ALIVE_MS, (onChange) => {
      const lastId = call.request.headers.get("last-event-id");
      const follower = call.coordinator.follow(follows, call.who, lastId, onChange);
      return {
        next() {
          const event = follower.next();
          return event === null ? null : { text: textOf(event), isLast: false };
        },
        close: () => follower.close(),
      };
    });
}
