// After five seconds without a capable client, says once what the job waits for and which command helps.
import type { JobView } from "../../api/contract.ts";
import { isLoopback, outwardHost, type ServerAddress, serverName } from "../../api/server-address.ts";

const PATIENCE_MS = 5000;

/** The address under which other machines reach the server. */
function addressForOthers(server: ServerAddress): string {
  return serverName(isLoopback(server.host.toLowerCase()) ? { ...server, host: outwardHost("0.0.0.0") } : server);
}

export function waitingText(view: JobView, server: ServerAddress): string {
  const missing = view.required_clients - view.capable_clients;
  const who = missing === 1 ? "one more client" : `${missing} more clients`;
  return [
    `Waiting for ${who} with ffmpeg and ${view.encoder} (${view.capable_clients} of ${view.required_clients} there).`,
    `  On another machine: ffcluster join --server ${addressForOthers(server)} --token TOKEN   (the server printed it)`,
    `  On this one:        ffcluster join --server ${serverName(server)}`,
  ].join("\n");
}

export interface WaitingNotice {
  see(view: JobView): void;
  stop(): void;
}

export function watchForClients(say: (view: JobView) => void, patienceMs = PATIENCE_MS): WaitingNotice {
  let last: JobView | null = null;
  let isDue = false;
  let isSaid = false;
  const sayIfNeeded = () => {
    if (!isDue || isSaid || last === null || last.capable_clients >= last.required_clients) return;
    if (last.status !== "Queued" && last.status !== "WaitingForClients") return;
    isSaid = true;
    say(last);
  };
  const timer = setTimeout(() => {
    isDue = true;
    sayIfNeeded();
  }, patienceMs);
  return {
    see(view) {
      last = view;
      sayIfNeeded();
    },
    stop: () => clearTimeout(timer),
  };
}
