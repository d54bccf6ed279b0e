// Streams of server-sent events about all jobs, all clients, or both: a snapshot, then the view of whatever changes, each with
// an id. Who comes back with `Last-Event-ID` gets what has changed since; where that id is of another run of the server, a
// snapshot again.
import type { FeedEvent, Followed } from "../../cluster/server/ports.ts";
import type { Call } from "../router.ts";

const KEEP_ALIVE_MS = 15_000;

export function textOf({ id, type, data }: FeedEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function follow(...follows: readonly Followed[]) {
  return ({ coordinator, request, who }: Call): Response => {
    let wake = () => {};
    let isOver = false;
    const lastId = request.headers.get("last-event-id");
    const follower = coordinator.follow(follows, who, lastId, () => wake());
    const change = () =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, KEEP_ALIVE_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    let onEnd = () => {};
    const leave = () => {
      isOver = true;
      follower.close();
      who.ended.removeEventListener("abort", onEnd);
      wake();
    };
    request.signal.addEventListener("abort", leave, { once: true });
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        onEnd = () => {
          leave();
          controller.close();
        };
        who.ended.addEventListener("abort", onEnd, { once: true });
      },
      // Called when the reader has taken what there was: nothing is queued for it here.
      async pull(controller) {
        let event = follower.next();
        if (event === null) {
          await change();
          event = follower.next();
        }
        if (isOver) return;
        controller.enqueue(encoder.encode(event === null ? ": keep-alive\n\n" : textOf(event)));
      },
      cancel: leave,
    });
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store", connection: "close" };
    return new Response(body, { headers });
  };
}
