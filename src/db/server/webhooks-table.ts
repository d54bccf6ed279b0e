// Rows of `webhooks`: one for each webhook of the server. Secrets are in clear, since they sign; the file is its owner's alone.
import type { Database } from "bun:sqlite";
import type { WebhookRecord } from "../../cluster/server/webhooks/records.ts";

interface WebhookRow {
  id: string;
  name: string;
  url: string;
  format: string;
  secret: string | null;
  events: string;
  created_at: string;
  failing_since: string | null;
  off: string | null;
  made: string | null;
}

export function loadWebhooks(database: Database): WebhookRecord[] {
  return database
    .query<WebhookRow, []>("SELECT * FROM webhooks ORDER BY rowid")
    .all()
    .map(({ id, name, url, format, secret, events, created_at, failing_since, off, made }) => ({
      id,
      name,
      url,
      format: format as WebhookRecord["format"],
      secret,
      events: JSON.parse(events) as WebhookRecord["events"],
      createdAt: created_at,
      failingSince: failing_since,
      off,
      ...(made === null ? {} : { made: JSON.parse(made) as NonNullable<WebhookRecord["made"]> }),
    }));
}

export function saveWebhook(database: Database, record: WebhookRecord): void {
  database
    .query(
      `INSERT INTO webhooks (id, name, url, format, secret, events, created_at, failing_since, off, made)
       VALUES ($id, $name, $url, $format, $secret, $events, $createdAt, $failingSince, $off, $made)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, format = excluded.format,
         secret = excluded.secret, events = excluded.events, created_at = excluded.created_at,
         failing_since = excluded.failing_since, off = excluded.off, made = excluded.made`,
    )
    .run({
      ...record,
      events: JSON.stringify(record.events),
      made: record.made === undefined ? null : JSON.stringify(record.made),
    });
}

/** Its deliveries go with it. */
export function removeWebhook(database: Database, id: string): void {
  database.query("DELETE FROM webhooks WHERE id = $id").run({ id });
}
