// Suspends a child while a pause switch says so: by SIGSTOP and SIGCONT, on Windows through its guard.
import { errnoOf } from "../errors.ts";
import type { Guard } from "./guard.ts";
import { sendOrder } from "./guard-orders.ts";
import type { Pausable } from "./pause.ts";

/** What the guard or the program starts at the very moment of a pause is stopped by the next of these. */
const STOP_AGAIN_EVERY_MS = 250;

/**
 * Stops a child and all that it started, or lets them go on. The guard itself goes on in any case: it has to end them when
 * this process dies.
 */
function suspendTree(pid: number, isSuspended: boolean): void {
  try {
    if (isSuspended) {
      process.kill(-pid, "SIGSTOP");
      process.kill(pid, "SIGCONT");
    } else process.kill(-pid, "SIGCONT");
  } catch (thrown) {
    if (errnoOf(thrown) !== "ESRCH") throw thrown; // gone already
  }
}

/** Keeps the child as the switch says until the returned function is called; the child then stays as it is. */
export function followPause(pausable: Pausable, { pid, stdin }: Guard): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const apply = (isPaused: boolean) => {
    if (stdin !== undefined) return void sendOrder(stdin, isPaused);
    clearInterval(timer);
    suspendTree(pid, isPaused);
    if (isPaused) timer = setInterval(() => suspendTree(pid, true), STOP_AGAIN_EVERY_MS);
  };
  if (pausable.isPaused()) apply(true);
  const unfollow = pausable.onChange(apply);
  return () => {
    unfollow();
    clearInterval(timer);
    if (stdin !== undefined) void sendOrder(stdin, null);
  };
}
