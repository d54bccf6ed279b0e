// Orders to suspend and resume a program where no signal does that (Windows): one byte each, on the guard's stdin.
// The guard holds a handle of its program, so that the process id can't pass to another process meanwhile.
import { errnoOf } from "../errors.ts";

const SUSPEND = "s".charCodeAt(0);
const RESUME = "r".charCodeAt(0);

/** Suspends and resumes whole processes. Windows counts the calls: each suspension needs one resumption. */
export interface Suspender {
  suspendProcess(pid: number): void;
  resumeProcess(pid: number): void;
}

/** Sends an order; null: there will be no more. Does nothing when the guard has ended. */
export async function sendOrder(guard: Bun.FileSink, isSuspended: boolean | null): Promise<void> {
  try {
    if (isSuspended === null) return void (await guard.end());
    await Promise.all([guard.write(new Uint8Array([isSuspended ? SUSPEND : RESUME])), guard.flush()]);
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code !== "EPIPE" && code !== "EOF") throw thrown; // Windows names a pipe without a reader either way
  }
}

/** The guard's side: obeys until `orders` ends. An order that is repeated is obeyed once. */
export async function takeOrders(
  orders: { read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }> },
  pid: number,
  makeSuspender: () => Suspender,
): Promise<void> {
  let suspender: Suspender | undefined;
  let isSuspended = false;
  for (let part = await orders.read(); !part.done; part = await orders.read()) {
    for (const order of part.value ?? []) {
      if (order !== (isSuspended ? RESUME : SUSPEND)) continue;
      suspender ??= makeSuspender();
      if (isSuspended) suspender.resumeProcess(pid);
      else suspender.suspendProcess(pid);
      isSuspended = !isSuspended;
    }
  }
}
