// How a guard is told to suspend its program where no signal does that (Windows): a byte for each order on its stdin.
// The guard holds a handle of its program, so that the process id can't be anyone else's meanwhile.
import { errnoOf } from "../errors.ts";

const SUSPEND = "s".charCodeAt(0);
const RESUME = "r".charCodeAt(0);

/** Of a whole process; what it does is counted, so each needs its counterpart. */
export interface Suspender {
  suspendProcess(pid: number): void;
  resumeProcess(pid: number): void;
}

/** The asking side; null: there will be no more of them. To a guard that has ended it says nothing. */
export async function sendOrder(guard: Bun.FileSink, isSuspended: boolean | null): Promise<void> {
  try {
    if (isSuspended === null) return void (await guard.end());
    await Promise.all([guard.write(new Uint8Array([isSuspended ? SUSPEND : RESUME])), guard.flush()]);
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code !== "EPIPE" && code !== "EOF") throw thrown; // the two that Windows says of a pipe without a reader
  }
}

/** The guard's side, to the end of `orders` at the latest; an order said twice is obeyed once. */
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
