// What a client's hardware can do and what was shown of it, asked for when somebody opens it.
import { useEffect, useState } from "preact/hooks";
import type { ClientDetailView } from "../../cluster/server/views.ts";
import { ask } from "../live/api.ts";
import { attempt } from "../live/notices.ts";
import { SpeedChart } from "./speed-chart.tsx";

export function ClientDetail({ id }: { readonly id: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Speed, hardware and encoders</summary>
      {isOpen && <Loaded id={id} />}
    </details>
  );
}

function Loaded({ id }: { readonly id: string }) {
  const [client, setClient] = useState<ClientDetailView | null>(null);
  useEffect(() => {
    void attempt(async () => setClient(await ask<ClientDetailView>(`/api/v1/clients/${id}`)), "");
  }, [id]);
  if (client === null) return <p class="quiet">Loading …</p>;
  const { hardware, encoders, ffmpeg, version, slots_reason: why, speeds = [] } = client;
  return (
    <>
      <SpeedChart speeds={speeds} />
      <dl class="pairs">
        {hardware.map(({ family, device, encoders: shown, reason }) => (
          <div key={`${family} ${device}`}>
            <dt>
              {family} {device}
            </dt>
            <dd>{reason === null ? `shown by a trial: ${shown.join(", ")}` : `not used: ${reason}`}</dd>
          </div>
        ))}
        <div>
          <dt>Encoders</dt>
          <dd>{encoders.join(", ") || "none"}</dd>
        </div>
        {why !== null && (
          <div>
            <dt>Encodes at a time</dt>
            <dd>{why}</dd>
          </div>
        )}
        <div>
          <dt>Programs</dt>
          <dd>
            ffcluster {version}, ffmpeg {ffmpeg}
          </dd>
        </div>
      </dl>
    </>
  );
}
