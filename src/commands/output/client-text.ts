// Shows clients as text. Pure: views in, text out.
import type { ClientView } from "../../api/contract.ts";
import { formatUntil, shortId } from "./format.ts";
import { table } from "./table.ts";

/** "resting until 22:00". */
export function restText({ until }: { readonly until: string | null }, now?: Date): string {
  return until === null ? "resting" : `resting until ${formatUntil(until, now)}`;
}

/** The status, and whether the client is held back: "Idle, quarantined". The reason is in `clients show`. */
export function clientStatusText(client: ClientView, now?: Date): string {
  const { status, draining, paused, quarantine, no_room, resting = null } = client;
  const rest = resting === null ? {} : { [restText(resting, now)]: true };
  const heldBack = { paused, draining, quarantined: quarantine !== null, full: no_room !== null, ...rest };
  return [status, ...Object.entries(heldBack).flatMap(([word, is]) => (is ? [word] : []))].join(", ");
}

/** The job that a client works on, or whose segments wait for it. */
export function clientJobText({ current_job, leased_job }: ClientView, written: (id: string) => string): string {
  if (current_job !== null) return written(current_job);
  return leased_job === null ? "-" : `${written(leased_job)} until its lease ends`;
}

export function clientTable(clients: readonly ClientView[], dim: (text: string) => string): string {
  const columns = [
    { title: "ID" },
    { title: "NAME" },
    { title: "STATUS" },
    { title: "FPS", align: "right" },
    { title: "SLOTS", align: "right" },
    { title: "JOB" },
    { title: "PLATFORM" },
    { title: "FFMPEG" },
    { title: "FAMILIES" },
    { title: "KEY" },
  ] as const;
  const rows = clients.map((client) => [
    shortId(client.client_id),
    client.name,
    clientStatusText(client),
    client.performance === null ? "-" : client.performance.toFixed(1),
    String(client.slots),
    clientJobText(client, shortId),
    client.platform,
    client.ffmpeg,
    client.families.join(" "),
    client.keys.length === 0 ? "-" : client.keys.join(" "),
  ]);
  return table(columns, rows, dim);
}
