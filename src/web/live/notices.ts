// What an action came to, shown for a while at the foot of the page.
import { signal } from "@preact/signals";
import { ApiError } from "./api.ts";

export interface Notice {
  readonly kind: "ok" | "failed";
  readonly text: string;
  readonly hint: string;
}

export const notice = signal<Notice | null>(null);
const SHOWN_MS = 8000;
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(kind: Notice["kind"], text: string, hint = ""): void {
  notice.value = { kind, text, hint };
  clearTimeout(timer);
  timer = setTimeout(dismiss, SHOWN_MS);
}

export function dismiss(): void {
  notice.value = null;
}

/** Does it; what the server refuses is said. True: it was done. */
export async function attempt(act: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await act();
    if (done !== "") say("ok", done);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    say("failed", thrown.failure.message, thrown.failure.hint);
    return false;
  }
}
