// Rows of `events`: the history that `jobs show` and watchers read, in order.
import type { Database } from "bun:sqlite";
import type { SchedulerEvent } from "../../cluster/scheduler/model/decision.ts";
import type { EventView } from "../../cluster/server/views.ts";

export function insertEvent(database: Database, event: SchedulerEvent): void {
  database
    .query(
      `INSERT INTO events (at, type, job_id, client_id, segment_index, attempt_id, detail)
       VALUES ($at, $type, $jobId, $clientId, $segmentIndex, $attemptId, $detail)`,
    )
    .run({
      at: event.at,
      type: event.type,
      jobId: event.jobId,
      clientId: event.clientId,
      segmentIndex: event.segmentIndex,
      attemptId: event.attemptId,
      detail: event.detail,
    });
}

export function eventsOfJob(database: Database, jobId: string, afterSeq: number): EventView[] {
  return database
    .query<EventView, { jobId: string; afterSeq: number }>(
      "SELECT * FROM events WHERE job_id = $jobId AND seq > $afterSeq ORDER BY seq",
    )
    .all({ jobId, afterSeq });
}

export function latestEventsOfClient(database: Database, clientId: string, limit: number): EventView[] {
  return database
    .query<EventView, { clientId: string; limit: number }>(
      "SELECT * FROM (SELECT * FROM events WHERE client_id = $clientId ORDER BY seq DESC LIMIT $limit) ORDER BY seq",
    )
    .all({ clientId, limit });
}
