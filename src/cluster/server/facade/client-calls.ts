// The part of the façade about clients: their views, and what an operator can ask of one.
import { resolveIdPrefix } from "../../../base/ids.ts";
import type { Client } from "../../scheduler/model/client.ts";
import type { Input } from "../../scheduler/model/input.ts";
import type { Engine } from "../engine.ts";
import { clientView } from "../job-views.ts";
import type { Coordinator, Store } from "../ports.ts";
import type { ClientView } from "../views.ts";
import { requireOk } from "./require-ok.ts";

const EVENTS_SHOWN = 50;

type ClientCalls = Pick<
  Coordinator,
  "listClients" | "clientDetail" | "drainClient" | "pauseClient" | "resumeClient" | "disconnectClient"
>;

type Asked = Extract<Input, { readonly type: `client-${string}-requested` }>["type"];

export function clientCalls({ engine, store }: { readonly engine: Engine; readonly store: Store }): ClientCalls {
  /** Errors: E_UNKNOWN_ID, E_AMBIGUOUS_ID. */
  const find = (id: string): Client => {
    const client = engine.state.clients.get(resolveIdPrefix(id, engine.state.clients.keys(), "client"));
    if (client === undefined) throw new Error(`client ${id} vanished`);
    return client;
  };
  const ask = (type: Asked, id: string): ClientView => {
    const client = find(id);
    requireOk(engine.dispatch({ type, clientId: client.id }));
    return clientView(engine.state, find(client.id));
  };
  return {
    listClients: () => [...engine.state.clients.values()].map((client) => clientView(engine.state, client)),
    clientDetail(id) {
      const client = find(id);
      return {
        ...clientView(engine.state, client),
        encoders: client.encoders,
        hardware: client.hardware ?? [],
        pools: client.pools ?? null,
        slots_reason: client.slotsReason ?? null,
        events: store.clientEvents(client.id, EVENTS_SHOWN),
      };
    },
    drainClient: (id) => ask("client-drain-requested", id),
    pauseClient: (id) => ask("client-pause-requested", id),
    resumeClient: (id) => ask("client-resume-requested", id),
    disconnectClient: async (id) => ask("client-disconnect-requested", id),
  };
}
