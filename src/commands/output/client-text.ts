// Shows clients as text. Pure: views in, text out.
import type { ClientView } from "../../api/contract.ts";
import { formatUntil, shortId } from "./format.ts";
import { type Look, table } from "./table.ts";
import { toneOf } from "./tones.ts";

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

/** The name goes last of all: it is an id too. */
const CLIENT_COLUMNS = [
  { title: "ID", drop: 8 },
  { title: "NAME", shorten: 32 },
  { title: "STATUS", tone: toneOf },
  { title: "FPS", align: "right", drop: 7 },
  { title: "SLOTS", align: "right", drop: 5 },
  { title: "JOB", drop: 6 },
  { title: "PLATFORM", drop: 1 },
  { title: "FFMPEG", drop: 2 },
  { title: "FAMILIES", drop: 3 },
  { title: "KEY", drop: 4 },
] as const;

export function clientTable(clients: readonly ClientView[], look?: Look): string {
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
  return table(CLIENT_COLUMNS, rows, look);
}
