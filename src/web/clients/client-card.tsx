// One client: what it is, what it does now, and what holds it back.
import type { ClientView } from "../../cluster/server/views.ts";
import { jobs } from "../live/cluster.ts";
import { isAdmin } from "../live/session.ts";
import { Badge } from "../parts/badge.tsx";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { count, fps } from "../text/format.ts";
import { actOn, revoke } from "./actions.ts";
import { ClientDetail } from "./client-detail.tsx";
import { stateOf } from "./client-words.ts";

export function ClientCard({ client }: { readonly client: ClientView }) {
  const { word, tone, note } = stateOf(client);
  const job = jobs.value.get(client.current_job ?? client.leased_job ?? "");
  return (
    <article class={`card client ${client.status === "Disconnected" ? "away" : ""}`}>
      <div class="head">
        <h3>{client.name}</h3>
        <Badge tone={tone} text={word} />
      </div>
      {job !== undefined && (
        <p>
          <a href={`#/jobs/${job.job_id}`}>{job.file_name}</a>
        </p>
      )}
      {note !== null && <p class={tone === "failed" ? "failure" : "quiet"}>{note}</p>}
      <p class="facts">
        <span>{client.performance === null ? "speed not measured yet" : fps(client.performance)}</span>
        <span>{count(client.slots, "encode")} at a time</span>
        <span>{client.families.join(", ") || "no encoder"}</span>
        <span class="end">{client.platform}</span>
      </p>
      <ClientDetail id={client.client_id} />
      {isAdmin() && <Actions client={client} />}
    </article>
  );
}

function Actions({ client }: { readonly client: ClientView }) {
  const isHere = client.status !== "Disconnected";
  const isHeld = client.paused || client.draining || client.quarantine !== null;
  return (
    <p class="actions">
      {isHeld && (
        <button type="button" onClick={() => void actOn(client, "resume")}>
          Resume
        </button>
      )}
      {isHere && !client.paused && (
        <button type="button" onClick={() => void actOn(client, "pause")}>
          Pause
        </button>
      )}
      {isHere && !client.draining && (
        <button type="button" onClick={() => void actOn(client, "drain")}>
          Drain
        </button>
      )}
      {isHere && (
        <ConfirmButton
          text="Disconnect"
          question={`Disconnect ${client.name}?`}
          onConfirm={() => void actOn(client, "disconnect")}
        />
      )}
      {client.keys.length > 0 && (
        <ConfirmButton text="Revoke" question={`Revoke its key?`} onConfirm={() => void revoke(client)} />
      )}
    </p>
  );
}
