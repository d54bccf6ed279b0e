// A stream of server-sent events (WHATWG HTML, §9.2): what a reader has not taken yet waits where it comes from, so a slow reader
// fills no queue here, and one that leaves, or may read no more, is forgotten.
import type { Call } from "../router.ts";

export interface StreamedEvent {
  /** With its empty line. */
  readonly text: string;
  /** The stream ends with it. */
  readonly isLast: boolean;
}

export interface EventReader {
  /** Null: the reader has everything. */
  next(): StreamedEvent | null;
  /** Called at least once. */
  close(): void;
}

const HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store", connection: "close" };
const COMMENT = ": keep-alive\n\n";

/**
 * `open` is given what to call when there may be another event. After `keepAliveMs` without one comes a comment.
 * Errors: E_RATE_LIMIT when the caller's token has too many streams open.
 */
export function streamEvents(
  { request, who, holdStream }: Pick<Call, "request" | "who" | "holdStream">,
  keepAliveMs: number,
  open: (onChange: () => void) => EventReader,
): Response {
  let wake = () => {};
  let isOver = false;
  let isFirst = true;
  const release = holdStream();
  const reader = open(() => wake());
  const change = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, keepAliveMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  let onEnd = () => {};
  const leave = () => {
    isOver = true;
    release();
    reader.close();
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
      let event = reader.next();
      if (event === null && !isFirst) {
        await change();
        event = reader.next();
      }
      isFirst = false; // Bun sends the headers with the first piece: who comes back is answered at once
      if (isOver) return;
      controller.enqueue(encoder.encode(event?.text ?? COMMENT));
      if (event?.isLast !== true) return;
      leave();
      controller.close();
    },
    cancel: leave,
  });
  return new Response(body, { headers: HEADERS });
}
