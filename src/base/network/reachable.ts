// Bounds how long a call waits for a server that can't be connected to at all. A system may try for half a minute before it
// says so (a host that drops packets; a refused port, under Wine). Sends nothing.
import type { Environment } from "../config/resolve-options.ts";

/** A server that answers does so before; after that it is asked whether there is anything to wait for. */
const ASK_AFTER_MS = 3000;
/** TCP asks again after one and three seconds. */
const CONNECT_WITHIN_MS = 5000;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Whether a connection can be opened; it is closed at once. False as well for a name that nobody knows. */
export async function canConnect({ host, port }: Place, withinMs = CONNECT_WITHIN_MS): Promise<boolean> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), withinMs);
  const opening = Bun.connect({ hostname: host, port, socket: { data() {} } });
  // One that opens after all is not needed any more.
  void opening.then(
    (socket) => socket.terminate(),
    () => undefined,
  );
  try {
    return (await Promise.race([opening, late.promise])) !== null;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** A proxy connects for us, and may reach what this machine can't. */
export function hasProxy(env: Environment): boolean {
  return ["http_proxy", "https_proxy"].some((name) => (env[name] ?? env[name.toUpperCase()] ?? "") !== "");
}

/** Calls `onNone` when nothing can be connected to while the call waits. `isReachable` is asked once. The result ends that. */
export function watchReachable(
  isReachable: () => Promise<boolean>,
  onNone: () => void,
  afterMs = ASK_AFTER_MS,
): Disposable {
  let isOver = false;
  const ask = async () => {
    if (!(await isReachable()) && !isOver) onNone();
  };
  const timer = setTimeout(() => void ask(), afterMs);
  return {
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
