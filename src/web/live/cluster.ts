// Every job and client as it is now, for the parts of the page to look at. It follows the stream of the shared worker; a
// browser that has none, a phone say, follows a stream of its own while the page is in sight.
import { signal } from "@preact/signals";
import type { ClientView, JobView } from "../../cluster/server/views.ts";
import { type Connection, EventStream } from "./event-stream.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { Changes } from "./stream-state.ts";

export const jobs = signal<ReadonlyMap<string, JobView>>(new Map());
export const clients = signal<ReadonlyMap<string, ClientView>>(new Map());
/** Null until the first snapshot has come. */
export const connection = signal<Connection>("connecting");
export const isLoaded = signal(false);

function take({ isWhole, jobs: newJobs, clients: newClients }: Changes): void {
  const mergedJobs = new Map(isWhole ? [] : jobs.value);
  for (const job of newJobs) mergedJobs.set(job.job_id, job);
  const mergedClients = new Map(isWhole ? [] : clients.value);
  for (const client of newClients) mergedClients.set(client.client_id, client);
  if (isWhole || newJobs.length > 0) jobs.value = mergedJobs;
  if (isWhole || newClients.length > 0) clients.value = mergedClients;
  if (isWhole) isLoaded.value = true;
}

function forget(): void {
  jobs.value = new Map();
  clients.value = new Map();
  isLoaded.value = false;
}

export interface Following {
  /** `isEverywhere`: other tabs are told that nobody is signed in any more. */
  stop(isEverywhere: boolean): void;
}

/** `onEnd`: the server takes the session no more, or another tab signed out. */
export function followCluster(path: string, onEnd: () => void): Following {
  const onConnection = (now: Connection) => {
    connection.value = now;
    if (now === "closed") onEnd();
  };
  const following =
    typeof SharedWorker === "undefined" ? followAlone(path, onConnection) : followShared(path, onConnection, onEnd);
  return {
    stop(isEverywhere) {
      following.stop(isEverywhere);
      forget();
    },
  };
}

/** The one rule by which this page makes an address of a script: its own. */
function ownScript(): string {
  const own = import.meta.url;
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  return types?.createPolicy("ffcluster", { createScriptURL: () => own }).createScriptURL("") ?? own;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(text: string): string };
}

let worker: SharedWorker | null = null;

function followShared(path: string, onConnection: (now: Connection) => void, onEnd: () => void): Following {
  worker ??= new SharedWorker(ownScript(), { type: "module", name: "ffcluster" });
  const { port } = worker;
  const tell = (message: ToWorker) => port.postMessage(message);
  port.onmessage = ({ data }) => {
    const message = data as FromWorker;
    if (message.type === "changes") take(message.changes);
    else if (message.type === "connection") onConnection(message.connection);
    else onEnd();
  };
  const leave = () => tell({ type: "leave" });
  const comeBack = ({ persisted }: PageTransitionEvent) => persisted && tell({ type: "follow", path });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", comeBack);
  tell({ type: "follow", path });
  return {
    stop(isEverywhere) {
      removeEventListener("pagehide", leave);
      removeEventListener("pageshow", comeBack);
      tell(isEverywhere ? { type: "signed-out" } : { type: "leave" });
    },
  };
}

function followAlone(path: string, onConnection: (now: Connection) => void): Following {
  let events: EventStream | null = null;
  const look = () => {
    if (document.hidden) {
      events?.close();
      events = null;
    } else events ??= new EventStream(path, { onChanges: take, onConnection });
  };
  document.addEventListener("visibilitychange", look);
  look();
  return {
    stop() {
      document.removeEventListener("visibilitychange", look);
      events?.close();
    },
  };
}
