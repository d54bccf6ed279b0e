// After five seconds without a capable client, says once what the job waits for and which command helps.
import type { ApiClient } from "../../api/client.ts";
import type { JobView, OutwardAddress } from "../../api/contract.ts";
import type { Connection } from "../../api/http-call.ts";
import { isLoopback, serverName } from "../../api/server-address.ts";
import { AppError } from "../../base/errors.ts";
import { fingerprintOf } from "../../base/tls/trust.ts";
import { isHereAlone } from "../serving/announce.ts";
import { joinLine } from "../serving/join-line.ts";
import { whoIsHere } from "./who-is-here.ts";

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

/** The lines on who is here; none where nobody may say. */
export async function machinesFor(client: Pick<ApiClient, "jobDetail">, jobId: string): Promise<readonly string[]> {
  try {
    return whoIsHere(await client.jobDetail(jobId));
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown; // whoever follows the job hears of a server that is gone
    return [];
  }
}

/** Of a job that was just made and that nobody waits for; null: it has the clients that it needs. */
export async function detachedNotice(client: Pick<ApiClient, "jobDetail">, job: JobView): Promise<string | null> {
  if (job.capable_clients >= job.required_clients) return null;
  const lines = await machinesFor(client, job.job_id);
  return [`${waitsFor(job)}.`, ...lines].join("\n  ");
}

function waitsFor(view: JobView): string {
  const missing = view.required_clients - view.capable_clients;
  const who = missing === 1 ? "one more client" : `${missing} more clients`;
  return `Waiting for ${who} with ffmpeg and ${view.encoder} (${view.capable_clients} of ${view.required_clients} there)`;
}

/** `machines`: who is here and why they can't. */
export function waitingText(
  view: JobView,
  { server }: Connection,
  others: OutwardAddress | null,
  machines: readonly string[] = [],
): string {
  return [
    `${waitsFor(view)}.`,
    ...machines.map((line) => `  ${line}`),
    `  On another machine: ${forAnother(others)}`,
    `  On this one:        ffcluster join --server ${serverName(server)}`,
  ].join("\n");
}

/** What a person hears whose job waits. */
export async function waitingFor(view: JobView, client: ApiClient): Promise<string> {
  const [others, machines] = await Promise.all([wayForOthers(client), machinesFor(client, view.job_id)]);
  return waitingText(view, client.connection, others, machines);
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
