// A WebSocket whose messages are answered one after the other, each as if it were the body of a POST of its own: with the same
// rights, limits and entries in the audit log. It ends with the token that it was opened with.
import type { ClientLink, LinkSocket } from "../../cluster/server/ports.ts";
import type { Call } from "../router.ts";

/** Of one socket: its sender asks faster than it is answered. */
const MOST_WAITING = 64;
const POLICY_VIOLATION = 1008;

interface Answering {
  readonly answer: (call: Call) => Promise<Response>;
  /** Called when the socket has closed. */
  readonly release: () => void;
}

export function answerMessages(call: Call, socket: LinkSocket, { answer, release }: Answering): ClientLink {
  const { who, url, log } = call;
  let waiting = 0;
  let last = Promise.resolve();
  let isOpen = true;
  const onEnd = () => socket.close(POLICY_VIOLATION, "the token has ended");
  who.ended.addEventListener("abort", onEnd, { once: true });
  if (who.ended.aborted) onEnd();

  const answerNext = async (text: string) => {
    if (who.ended.aborted) return;
    const headers = { "content-type": "application/json" };
    const request = new Request(url.href, { method: "POST", body: text, headers });
    const response = await call.again(request, answer);
    if (isOpen) socket.send(await response.text());
  };
  return {
    received(text) {
      waiting += 1;
      if (waiting > MOST_WAITING) return socket.close(POLICY_VIOLATION, "too many commands wait for their answers");
      last = last
        .then(() => answerNext(text))
        .catch((thrown) => log.error(`an answer to a command failed: ${String(thrown)}`))
        .finally(() => {
          waiting -= 1;
        });
    },
    closed() {
      isOpen = false;
      who.ended.removeEventListener("abort", onEnd);
      release();
    },
  };
}
