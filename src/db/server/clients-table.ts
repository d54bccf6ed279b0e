// Rows of `clients`: one for each client that ever joined.
import type { Database } from "bun:sqlite";
import type { Client, ClientStatus } from "../../cluster/scheduler/model/client.ts";

type EncoderRates = NonNullable<Client["encoderRates"]>;
const NO_RATES = "{}";

interface ClientRow {
  id: string;
  name: string;
  status: string;
  connected_at: string;
  gone_since: string | null;
  slots: number;
  platform: string;
  ffmpeg: string;
  version: string;
  encoders: string;
  families: string;
  benchmark_seconds: number | null;
  slot_fps: string;
  performance: number | null;
  instance: string;
  is_draining: number;
  is_paused: number;
  quarantine: string | null;
  encoder_rates: string;
}

export function loadClients(database: Database): Map<string, Client> {
  const clients = new Map<string, Client>();
  for (const row of database.query<ClientRow, []>("SELECT * FROM clients").all()) {
    clients.set(row.id, {
      id: row.id,
      name: row.name,
      status: row.status as ClientStatus,
      connectedAt: row.connected_at,
      ...(row.gone_since === null ? {} : { goneSince: row.gone_since }),
      link: 0,
      slots: row.slots,
      platform: row.platform,
      ffmpeg: row.ffmpeg,
      version: row.version,
      encoders: JSON.parse(row.encoders) as string[],
      families: JSON.parse(row.families) as string[],
      benchmarkSeconds: row.benchmark_seconds,
      lastHeardAt: 0,
      slotFps: JSON.parse(row.slot_fps) as Record<string, number>,
      performance: row.performance,
      instance: row.instance,
      isDraining: row.is_draining !== 0,
      isPaused: row.is_paused !== 0,
      quarantine: row.quarantine,
      ...(row.encoder_rates === NO_RATES ? {} : { encoderRates: JSON.parse(row.encoder_rates) as EncoderRates }),
    });
  }
  return clients;
}

/** True when nothing differs that the table keeps (it does not keep liveness). */
function isSameRow(a: Client, b: Client): boolean {
  return (
    a.name === b.name &&
    a.status === b.status &&
    a.connectedAt === b.connectedAt &&
    a.goneSince === b.goneSince &&
    a.slots === b.slots &&
    a.platform === b.platform &&
    a.ffmpeg === b.ffmpeg &&
    a.version === b.version &&
    a.encoders === b.encoders &&
    a.families === b.families &&
    a.benchmarkSeconds === b.benchmarkSeconds &&
    a.slotFps === b.slotFps &&
    a.performance === b.performance &&
    a.instance === b.instance &&
    a.isDraining === b.isDraining &&
    a.isPaused === b.isPaused &&
    a.quarantine === b.quarantine &&
    a.encoderRates === b.encoderRates
  );
}

export function clientRowDiffers(previous: Client | undefined, next: Client): boolean {
  return previous === undefined || (previous !== next && !isSameRow(previous, next));
}

export function saveClient(database: Database, client: Client): void {
  database
    .query(
      `INSERT INTO clients (id, name, status, connected_at, gone_since, slots, platform, ffmpeg, version, encoders, families, benchmark_seconds, slot_fps, performance, instance, is_draining, is_paused, quarantine, encoder_rates)
       VALUES ($id, $name, $status, $connectedAt, $goneSince, $slots, $platform, $ffmpeg, $version, $encoders, $families, $benchmarkSeconds, $slotFps, $performance, $instance, $isDraining, $isPaused, $quarantine, $encoderRates)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, status = excluded.status, connected_at = excluded.connected_at,
         gone_since = excluded.gone_since,
         slots = excluded.slots, platform = excluded.platform, ffmpeg = excluded.ffmpeg, version = excluded.version,
         encoders = excluded.encoders, families = excluded.families, benchmark_seconds = excluded.benchmark_seconds,
         slot_fps = excluded.slot_fps, performance = excluded.performance, instance = excluded.instance,
         is_draining = excluded.is_draining, is_paused = excluded.is_paused, quarantine = excluded.quarantine,
         encoder_rates = excluded.encoder_rates`,
    )
    .run({
      id: client.id,
      name: client.name,
      status: client.status,
      connectedAt: client.connectedAt,
      goneSince: client.goneSince ?? null,
      slots: client.slots,
      platform: client.platform,
      ffmpeg: client.ffmpeg,
      version: client.version,
      encoders: JSON.stringify(client.encoders),
      families: JSON.stringify(client.families),
      benchmarkSeconds: client.benchmarkSeconds,
      slotFps: JSON.stringify(client.slotFps),
      performance: client.performance,
      instance: client.instance,
      isDraining: client.isDraining ? 1 : 0,
      isPaused: client.isPaused ? 1 : 0,
      quarantine: client.quarantine,
      encoderRates: client.encoderRates === undefined ? NO_RATES : JSON.stringify(client.encoderRates),
    });
}
