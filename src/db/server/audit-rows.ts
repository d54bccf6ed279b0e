// The audit log in the table `events`: rows of a type of their own, which belong to no job and no client's history.
import type { Database } from "bun:sqlite";
import type { AuditEntryView, AuditRowView } from "../../cluster/server/views.ts";

const MOST_ROWS = 10_000;

/** Appends entries, and drops the oldest beyond `most`. */
export function insertAudit(database: Database, entries: readonly AuditEntryView[], most = MOST_ROWS): void {
  const insert = database.query("INSERT INTO events (at, type, detail) VALUES ($at, 'audit', $detail)");
  for (const { at, ...rest } of entries) insert.run({ at, detail: JSON.stringify(rest) });
  database
    .query(
      `DELETE FROM events WHERE type = 'audit' AND seq <=
       (SELECT seq FROM events WHERE type = 'audit' ORDER BY seq DESC LIMIT 1 OFFSET $most)`,
    )
    .run({ most });
}

/** The latest, ascending; with `before`, of those with a smaller number. */
export function latestAudit(database: Database, limit: number, before: number | null = null): AuditRowView[] {
  return database
    .query<{ seq: number; at: string; detail: string }, { limit: number; before: number }>(
      `SELECT seq, at, detail FROM (SELECT seq, at, detail FROM events WHERE type = 'audit' AND seq < $before
         ORDER BY seq DESC LIMIT $limit) ORDER BY seq`,
    )
    .all({ limit, before: before ?? Number.MAX_SAFE_INTEGER })
    .map(({ seq, at, detail }) => ({ seq, at, ...(JSON.parse(detail) as Omit<AuditEntryView, "at">) }));
}
