// After five seconds without a capable client, says once what the job waits for and which command helps.
import type { ApiClient } from "../../api/client.ts";
import type { JobView, OutwardAddress } from "../../api/contract.ts";
import type { Connection } from "../../api/http-call.ts";
import { isLoopback, serverName } from "../../api/server-address.ts";
import { AppError } from "../../base/errors.ts";
import { fingerprintOf } from "../../base/tls/trust.ts";
import { isHereAlone } from "../serving/announce.ts";
import { joinLine } from "../serving/join-line.ts";

const PATIENCE_MS = 5000;

/**
 * How other machines reach the server: by its own word, which an admin's token gets; else as this command reaches it over
 * the network. Null: nobody here knows.
 */
export async function wayForOthers(
  client: Pick<ApiClient, "invite"> & { readonly connection: Connection },
): Promise<OutwardAddress | null> {
  try {
    const { join_token: _token, ...outward } = await client.invite();
    return outward;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown; // whoever follows the job hears of a server that is gone
  }
  const { server, tls } = client.connection;
  if (isLoopback(server.host)) return null;
  const fingerprint = tls?.serverName === undefined ? null : fingerprintOf(tls.ca);
  return { server: serverName(server), tls_fingerprint: fingerprint, needs_ca_file: false };
}

function forAnother(others: OutwardAddress | null): string {
  if (others === null) return "the line that `ffcluster invite` prints for an admin";
  if (isHereAlone(others))
    return "none can join: the server listens on loopback alone (`ffcluster serve --host ADDRESS`)";
  return `${joinLine(others, "TOKEN")}   (\`ffcluster invite\` prints it)`;
}

export function waitingText(view: JobView, { server }: Connection, others: OutwardAddress | null): string {
  const missing = view.required_clients - view.capable_clients;
  const who = missing === 1 ? "one more client" : `${missing} more clients`;
  return [
    `Waiting for ${who} with ffmpeg and ${view.encoder} (${view.capable_clients} of ${view.required_clients} there).`,
    `  On another machine: ${forAnother(others)}`,
    `  On this one:        ffcluster join --server ${serverName(server)}`,
  ].join("\n");
}

export interface WaitingNotice {
  see(view: JobView): void;
  stop(): void;
}

export function watchForClients(
  textFor: (view: JobView) => Promise<string>,
  say: (text: string) => void,
  patienceMs = PATIENCE_MS,
): WaitingNotice {
  let last: JobView | null = null;
  let isDue = false;
  let isSaid = false;
  let isStopped = false;
  const sayIfNeeded = () => {
    if (!isDue || isSaid || last === null || last.capable_clients >= last.required_clients) return;
    if (last.status !== "Queued" && last.status !== "WaitingForClients") return;
    isSaid = true;
    void textFor(last).then((text) => {
      if (!isStopped) say(text);
    });
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
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
