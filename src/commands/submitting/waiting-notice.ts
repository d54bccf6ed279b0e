// After five seconds without a capable client, says once what the job waits for and which command helps.
import type { JobView } from "../../api/contract.ts";
import type { Connection } from "../../api/http-call.ts";
import { hostPort, isLoopback, outwardHost, type ServerAddress, serverName } from "../../api/server-address.ts";
import { rememberedPin } from "../../base/config/pin-store.ts";
import { fingerprintOf } from "../../base/tls/trust.ts";
import { joinLine } from "../serving/join-line.ts";

const PATIENCE_MS = 5000;

/** How other machines reach the server. */
export interface ForOthers {
  readonly server: ServerAddress;
  readonly fingerprint: string | null;
}

/** From how this command reaches it: beyond loopback a server that runs here has a certificate, which its user remembers. */
export async function forOthers({ server, tls }: Connection, configDir: string): Promise<ForOthers> {
  const isHere = isLoopback(server.host);
  const outward = isHere ? { ...server, host: outwardHost("0.0.0.0") } : server;
  if (tls?.serverName !== undefined) return { server: outward, fingerprint: fingerprintOf(tls.ca) };
  if (!isHere || server.isTls) return { server: outward, fingerprint: null };
  const certificate = await rememberedPin(configDir, hostPort(outward));
  if (certificate === null) return { server: outward, fingerprint: null };
  return { server: { ...outward, isTls: true }, fingerprint: fingerprintOf(certificate) };
}

export function waitingText(view: JobView, server: ServerAddress, others: ForOthers): string {
  const missing = view.required_clients - view.capable_clients;
  const who = missing === 1 ? "one more client" : `${missing} more clients`;
  const { fingerprint } = others;
  const outward = { server: serverName(others.server), tls_fingerprint: fingerprint, needs_ca_file: false };
  return [
    `Waiting for ${who} with ffmpeg and ${view.encoder} (${view.capable_clients} of ${view.required_clients} there).`,
    `  On another machine: ${joinLine(outward, "TOKEN")}   (\`ffcluster invite\` prints it)`,
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
