// The part of the façade about clients: their views, and what an operator can ask of one.
import { type Named, resolveId } from "../../../base/ids.ts";
import { isReachable } from "../../scheduler/ability/capability.ts";
import type { Client } from "../../scheduler/model/client.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import { sharesOf } from "../../scheduler/views/shares.ts";
import type { Tokens } from "../access/tokens.ts";
import type { Engine } from "../engine.ts";
import { clientView, shownStatus } from "../job-views.ts";
import { pageOf } from "../lists.ts";
import type { Coordinator, Store } from "../ports.ts";
import type { ClientDetailView, ClientView } from "../views.ts";
import type { AttemptStages } from "./attempt-stages.ts";
import { requireOk } from "./require-ok.ts";

const EVENTS_SHOWN = 50;

/** Jobs that are looked at, the newest first, for the shares of one client; and how many of them are shown. */
const JOBS_LOOKED_AT = 500;
const SHARES_SHOWN = 20;

function latestShares(
  { jobs }: Pick<SchedulerState, "jobs">,
  clientId: string,
): NonNullable<ClientDetailView["shares"]> {
  const newest = [...jobs.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)).slice(0, JOBS_LOOKED_AT);
  const found = newest.flatMap((job) => {
    const own = sharesOf(job).find((share) => share.clientId === clientId);
    if (own === undefined) return [];
    const { segments, frames, percent } = own;
    return [{ job_id: job.id, file_name: job.fileName, segments, frames, percent }];
  });
  return found.slice(0, SHARES_SHOWN);
}

type ClientCalls = Pick<
  Coordinator,
  "listClients" | "clientDetail" | "drainClient" | "pauseClient" | "resumeClient" | "disconnectClient"
>;

type Asked = Extract<Input, { readonly type: `client-${string}-requested` }>["type"];

export interface ClientCallsParts {
  readonly engine: Engine;
  readonly store: Store;
  readonly tokens: Pick<Tokens, "keysByClient">;
  readonly stages: Pick<AttemptStages, "speedsOf">;
}

/** One that is here has the name before those that are gone. */
function namedClients(clients: SchedulerState["clients"]): Named[] {
  const here = new Set([...clients.values()].filter(isReachable).map(({ name }) => name));
  return [...clients.values()].map((client) => {
    return { id: client.id, names: isReachable(client) || !here.has(client.name) ? [client.name] : [] };
  });
}

export function clientCalls({ engine, store, tokens, stages }: ClientCallsParts): ClientCalls {
  const viewOf = (client: Client, keys = tokens.keysByClient()): ClientView =>
    clientView(engine.state, client, keys.get(client.id) ?? []);
  /** Errors: E_UNKNOWN_ID, E_AMBIGUOUS_ID. */
  const find = (id: string): Client => {
    const { clients } = engine.state;
    const client = clients.get(id) ?? clients.get(resolveId(id, namedClients(clients), "client"));
    if (client === undefined) throw new Error(`client ${id} vanished`);
    return client;
  };
  const ask = (type: Asked, id: string): ClientView => {
    const client = find(id);
    requireOk(engine.dispatch({ type, clientId: client.id }));
    return viewOf(find(client.id));
  };
  return {
    listClients(wanted) {
      const { statuses } = wanted;
      const found = [...engine.state.clients.values()].filter(
        (client) => statuses === null || statuses.includes(shownStatus(client)),
      );
      const keys = tokens.keysByClient();
      return pageOf(
        found,
        ({ name, id }) => `${name}\0${id}`,
        (client) => viewOf(client, keys),
        wanted,
      );
    },
    clientDetail(id) {
      const client = find(id);
      return {
        ...viewOf(client),
        encoders: client.encoders,
        hardware: client.hardware ?? [],
        pools: client.pools ?? null,
        slots_reason: client.slotsReason ?? null,
        speeds: [...stages.speedsOf(client.id)],
        shares: latestShares(engine.state, client.id),
        events: store.clientEvents(client.id, EVENTS_SHOWN),
      };
    },
    drainClient: (id) => ask("client-drain-requested", id),
    pauseClient: (id) => ask("client-pause-requested", id),
    resumeClient: (id) => ask("client-resume-requested", id),
    disconnectClient: async (id) => ask("client-disconnect-requested", id),
  };
}
