// Rows of `deliveries`: the outbox of webhooks, and what became of what was in it.
import type { Database } from "bun:sqlite";
import type { DeliveriesOf, Delivery } from "../../cluster/server/webhooks/records.ts";

interface DeliveryRow {
  id: string;
  lane: string;
  webhook_id: string | null;
  job_id: string | null;
  event: string;
  at: string;
  notice: string;
  due_ms: number | null;
  outcome: string | null;
  tries: string;
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    lane: row.lane,
    webhookId: row.webhook_id,
    jobId: row.job_id,
    event: row.event,
    at: row.at,
    notice: row.notice,
    dueMs: row.due_ms,
    outcome: row.outcome as Delivery["outcome"],
    tries: JSON.parse(row.tries) as Delivery["tries"],
  };
}

/** One whose webhook was removed is not added. */
export function saveDelivery(database: Database, delivery: Delivery): void {
  const { webhookId } = delivery;
  if (webhookId !== null && database.query("SELECT 1 FROM webhooks WHERE id = ?").get(webhookId) === null) return;
  database
    .query(
      `INSERT INTO deliveries (id, lane, webhook_id, job_id, event, at, notice, due_ms, outcome, tries)
       VALUES ($id, $lane, $webhookId, $jobId, $event, $at, $notice, $dueMs, $outcome, $tries)
       ON CONFLICT (id) DO UPDATE SET due_ms = excluded.due_ms, outcome = excluded.outcome, tries = excluded.tries`,
    )
    .run({
      ...delivery,
      dueMs: delivery.dueMs === null ? null : Math.ceil(delivery.dueMs),
      tries: JSON.stringify(delivery.tries),
    });
}

/** The earliest of each lane, from an index alone. */
export function firstDeliveries(database: Database): Delivery[] {
  return database
    .query<DeliveryRow, []>(
      `SELECT * FROM deliveries WHERE seq IN (
         SELECT (SELECT seq FROM deliveries WHERE due_ms IS NOT NULL AND lane = lanes.lane ORDER BY due_ms, seq LIMIT 1)
         FROM (SELECT DISTINCT lane FROM deliveries WHERE due_ms IS NOT NULL) AS lanes)
       ORDER BY due_ms, seq`,
    )
    .all()
    .map(toDelivery);
}

export function giveUpDeliveries(database: Database, webhookId: string): void {
  database
    .query(
      "UPDATE deliveries SET due_ms = NULL, outcome = 'given-up' WHERE webhook_id = $webhookId AND due_ms IS NOT NULL",
    )
    .run({ webhookId });
}

export function waitingDeliveries(database: Database, webhookId: string): number {
  const row = database
    .query<{ count: number }, { webhookId: string }>(
      "SELECT COUNT(*) AS count FROM deliveries WHERE webhook_id = $webhookId AND due_ms IS NOT NULL",
    )
    .get({ webhookId });
  return row?.count ?? 0;
}

export function latestDeliveries(
  database: Database,
  of: DeliveriesOf,
  limit: number,
  before: string | null,
): Delivery[] {
  const isOne = "webhookId" in of ? "webhook_id = $id" : "job_id = $id AND webhook_id IS NULL";
  const id = "webhookId" in of ? of.webhookId : of.ownOfJob;
  return database
    .query<DeliveryRow, { id: string; limit: number; before: string | null }>(
      `SELECT * FROM (SELECT * FROM deliveries WHERE ${isOne} AND ($before IS NULL OR seq <
       (SELECT seq FROM deliveries WHERE id = $before)) ORDER BY seq DESC LIMIT $limit) ORDER BY seq`,
    )
    .all({ id, limit, before })
    .map(toDelivery);
}

export function sweepDeliveries(database: Database, before: string, most: number): void {
  database
    .query(
      `DELETE FROM deliveries WHERE due_ms IS NULL AND (at < $before OR seq <=
       (SELECT seq FROM deliveries WHERE due_ms IS NULL ORDER BY seq DESC LIMIT 1 OFFSET $most))`,
    )
    .run({ before, most });
}
