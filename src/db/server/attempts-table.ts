// Rows of `attempts`: every attempt of every segment, live (without an end) or past (with its outcome).
import type { Database } from "bun:sqlite";
import type { SchedulerEvent } from "../../cluster/scheduler/model/decision.ts";
import type { Attempt } from "../../cluster/scheduler/model/segment.ts";
import type { AttemptView } from "../../cluster/server/views.ts";
import { leadInFromDatabase, leadInToDatabase } from "./stored-phase.ts";

interface LiveRow {
  id: string;
  job_id: string;
  segment_index: number;
  client_id: string;
  lead_in: number;
  is_benchmark: number;
  encoder: string | null;
}

/** Live attempts without lease and progress; the scheduler's `restarted` gives them new leases. */
export function loadLiveAttempts(database: Database): Map<string, Attempt> {
  const attempts = new Map<string, Attempt>();
  const rows = database
    .query<LiveRow, []>(
      "SELECT id, job_id, segment_index, client_id, lead_in, is_benchmark, encoder FROM attempts WHERE ended_at IS NULL",
    )
    .all();
  for (const row of rows) {
    attempts.set(row.id, {
      id: row.id,
      jobId: row.job_id,
      segmentIndex: row.segment_index,
      clientId: row.client_id,
      ...(row.encoder === null ? {} : { encoder: row.encoder }),
      leadIn: leadInFromDatabase(row.lead_in),
      isBenchmark: row.is_benchmark !== 0,
      leaseEndsAt: 0,
      stage: "queued",
      framesDone: 0,
      fps: 0,
      startedAt: 0,
      progressedAt: 0,
    });
  }
  return attempts;
}

/** An attempt that was lost and is reclaimed continues its row. */
export function insertAttempt(database: Database, attempt: Attempt, at: string): void {
  database
    .query(
      `INSERT INTO attempts (id, job_id, segment_index, client_id, encoder, lead_in, is_benchmark, started_at)
       VALUES ($id, $jobId, $segmentIndex, $clientId, $encoder, $leadIn, $isBenchmark, $at)
       ON CONFLICT (id) DO UPDATE SET ended_at = NULL, outcome = NULL, reason = NULL`,
    )
    .run({
      id: attempt.id,
      jobId: attempt.jobId,
      segmentIndex: attempt.segmentIndex,
      clientId: attempt.clientId,
      encoder: attempt.encoder ?? null,
      leadIn: leadInToDatabase(attempt.leadIn),
      isBenchmark: attempt.isBenchmark ? 1 : 0,
      at,
    });
}

export function endAttempt(database: Database, attemptId: string, at: string): void {
  database
    .query("UPDATE attempts SET ended_at = $at WHERE id = $attemptId AND ended_at IS NULL")
    .run({ attemptId, at });
}

/** The last event that names an attempt is its outcome. */
export function recordOutcome(database: Database, event: SchedulerEvent): void {
  if (event.attemptId === null || event.type === "segment-leased" || event.type === "lease-renewed") return;
  database
    .query("UPDATE attempts SET outcome = $type, reason = $detail WHERE id = $attemptId")
    .run({ attemptId: event.attemptId, type: event.type, detail: event.detail });
}

interface HistoryRow {
  attempt_id: string;
  segment_index: number;
  client_id: string;
  outcome: string | null;
  reason: string | null;
  started_at: string;
  ended_at: string | null;
}

export function attemptHistory(database: Database, jobId: string): AttemptView[] {
  return database
    .query<HistoryRow, { jobId: string }>(
      `SELECT id AS attempt_id, segment_index, client_id, outcome, reason, started_at, ended_at
       FROM attempts WHERE job_id = $jobId ORDER BY started_at, rowid`,
    )
    .all({ jobId });
}
