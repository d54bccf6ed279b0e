// Rows of `segments`: one per segment of a job, with its phase and, once verified, its facts.
import type { Database } from "bun:sqlite";
import type { Segment, SegmentBits } from "../../cluster/scheduler/model/segment.ts";
import { leadInFromDatabase, leadInToDatabase, phaseFromJson, phaseToJson } from "./stored-phase.ts";

interface SegmentRow {
  job_id: string;
  idx: number;
  start_pts: number;
  end_pts: number;
  frames: number;
  phase: string;
  lead_in: number;
  failures: number;
  losses: number;
  attempts: number;
  failed_on: string;
  notes: string;
  rate: string | null;
}

export function loadSegments(database: Database): Map<string, Segment[]> {
  const byJob = new Map<string, Segment[]>();
  for (const row of database.query<SegmentRow, []>("SELECT * FROM segments ORDER BY job_id, idx").all()) {
    const segments = byJob.get(row.job_id) ?? [];
    segments.push({
      index: row.idx,
      startPts: row.start_pts,
      endPts: row.end_pts,
      frames: row.frames,
      phase: phaseFromJson(row.phase),
      leadIn: leadInFromDatabase(row.lead_in),
      failures: row.failures,
      losses: row.losses,
      attempts: row.attempts,
      failedOn: JSON.parse(row.failed_on) as string[],
      notes: JSON.parse(row.notes) as string[],
      ...(row.rate === null ? {} : { rate: JSON.parse(row.rate) as SegmentBits }),
    });
    byJob.set(row.job_id, segments);
  }
  return byJob;
}

export function saveSegment(database: Database, jobId: string, segment: Segment): void {
  database
    .query(
      `INSERT INTO segments (job_id, idx, start_pts, end_pts, frames, phase, lead_in, failures, losses, attempts, failed_on, notes, rate)
       VALUES ($jobId, $index, $startPts, $endPts, $frames, $phase, $leadIn, $failures, $losses, $attempts, $failedOn, $notes, $rate)
       ON CONFLICT (job_id, idx) DO UPDATE SET start_pts = excluded.start_pts, end_pts = excluded.end_pts, frames = excluded.frames,
         phase = excluded.phase, lead_in = excluded.lead_in, failures = excluded.failures, losses = excluded.losses,
         attempts = excluded.attempts, failed_on = excluded.failed_on, notes = excluded.notes,
         rate = excluded.rate`,
    )
    .run({
      jobId,
      index: segment.index,
      startPts: segment.startPts,
      endPts: segment.endPts,
      frames: segment.frames,
      phase: phaseToJson(segment.phase),
      leadIn: leadInToDatabase(segment.leadIn),
      failures: segment.failures,
      losses: segment.losses,
      attempts: segment.attempts,
      failedOn: JSON.stringify(segment.failedOn),
      notes: JSON.stringify(segment.notes),
      rate: segment.rate === undefined ? null : JSON.stringify(segment.rate),
    });
}

/** When the whole index shows that a source can't be split, one segment replaces those made before. */
export function deleteSegmentsFrom(database: Database, jobId: string, index: number): void {
  database.query("DELETE FROM segments WHERE job_id = $jobId AND idx >= $index").run({ jobId, index });
}
