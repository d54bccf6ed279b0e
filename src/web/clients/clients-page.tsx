// All clients: who is here, what each does, and how another one joins.
import { clients, isLoaded } from "../live/cluster.ts";
import { isAdmin } from "../live/session.ts";
import { Empty } from "../parts/empty.tsx";
import { count } from "../text/format.ts";
import { ClientCard } from "./client-card.tsx";
import { byPresence } from "./client-words.ts";
import { JoinLine } from "./join-line.tsx";

export function ClientsPage() {
  if (!isLoaded.value) return <p class="quiet">Loading …</p>;
  const all = [...clients.value.values()].sort(byPresence);
  const here = all.filter(({ status }) => status !== "Disconnected");
  const slots = here.reduce((sum, client) => sum + client.slots, 0);
  return (
    <>
      <h1 class="hidden">Clients</h1>
      {all.length === 0 ? (
        <Empty title="No clients yet">
          <p>A client lends its machine to encode. Without one, jobs wait.</p>
        </Empty>
      ) : (
        <section>
          <h2>
            {count(here.length, "client")} here, {count(slots, "encode")} at a time
          </h2>
          <ul class="cards two">
            {all.map((client) => (
              <li key={client.client_id}>
                <ClientCard client={client} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {isAdmin() && <JoinLine />}
    </>
  );
}
