// The ClientStore on SQLite, client.db. Several processes may have it open; an identity belongs to the one that holds the
// lock of its folder.
import { resolve } from "node:path";
import { newId } from "../base/ids.ts";
import type { ClaimedIdentity, ClientStore, FinishedResult } from "../cluster/client/ports.ts";
import { type ResultReport, resultReportSchema } from "../cluster/protocol/messages.ts";
import { CLIENT_MIGRATIONS } from "./client-schema.ts";
import { acquireFolderLock } from "./folder-lock.ts";
import { closeDatabase, openDatabase } from "./open.ts";

interface ResultRow {
  attempt_id: string;
  client_id: string;
  job_id: string;
  path: string;
  report: string;
}

/** Opens `<workDir>/db/client.db`, made when absent. Errors: E_DATABASE. */
export function openClientStore(workDir: string): ClientStore {
  const database = openDatabase(resolve(workDir, "db", "client.db"), {
    migrations: CLIENT_MIGRATIONS,
    synchronous: "FULL",
  });
  const now = () => new Date().toISOString();

  const claim = (clientId: string): ClaimedIdentity | null => {
    const folder = resolve(workDir, "client", clientId);
    const lock = acquireFolderLock(folder, "ffcluster client");
    return "holder" in lock ? null : { clientId, folder, release: () => lock.release() };
  };

  const toResult = (row: ResultRow): FinishedResult | null => {
    const report = parseReport(row.report);
    if (report === null) return null; // written by another version: the segment is encoded again
    return { attemptId: row.attempt_id, clientId: row.client_id, jobId: row.job_id, path: row.path, report };
  };

  return {
    claimIdentity(name) {
      const known = database.query<{ id: string }, []>("SELECT id FROM identities ORDER BY created_at, rowid").all();
      for (const { id } of known) {
        const claimed = claim(id);
        if (!claimed) continue;
        database.query("UPDATE identities SET name = $name WHERE id = $id").run({ name, id });
        return claimed;
      }
      const id = newId();
      const claimed = claim(id);
      if (!claimed) throw new Error(`the folder of the new identity ${id} is locked`);
      database
        .query("INSERT INTO identities (id, name, created_at) VALUES ($id, $name, $at)")
        .run({ id, name, at: now() });
      return claimed;
    },

    keepResult({ attemptId, clientId, jobId, path, report }) {
      database
        .query(
          `INSERT INTO results (attempt_id, client_id, job_id, path, report, created_at)
           VALUES ($attemptId, $clientId, $jobId, $path, $report, $at)
           ON CONFLICT (attempt_id) DO UPDATE SET path = excluded.path, report = excluded.report`,
        )
        .run({ attemptId, clientId, jobId, path, report: JSON.stringify(report), at: now() });
    },

    keptResults(clientId) {
      const rows = database
        .query<ResultRow, { clientId: string }>(
          "SELECT attempt_id, client_id, job_id, path, report FROM results WHERE client_id = $clientId ORDER BY created_at, rowid",
        )
        .all({ clientId });
      return rows.map(toResult).filter((result) => result !== null);
    },

    forgetResult(attemptId) {
      database.query("DELETE FROM results WHERE attempt_id = $attemptId").run({ attemptId });
    },

    encoders: {
      get(key) {
        const row = database
          .query<{ report: string }, { key: string }>("SELECT report FROM encoder_reports WHERE key = $key")
          .get({ key });
        return row?.report ?? null;
      },
      set(key, reportJson) {
        database
          .query("INSERT OR REPLACE INTO encoder_reports (key, report, created_at) VALUES ($key, $report, $at)")
          .run({ key, report: reportJson, at: now() });
      },
    },

    close: () => closeDatabase(database),
  };
}

function parseReport(json: string): ResultReport | null {
  const parsed = resultReportSchema.safeParse(JSON.parse(json));
  return parsed.success ? parsed.data : null;
}
