// The coordinator's Store on SQLite, server.db: each write is one transaction with synchronous=FULL. Only
// what a decision changed is looked at.
import type { Database } from "bun:sqlite";
import type { Changes } from "../../cluster/scheduler/model/changes.ts";
import type { SchedulerEvent } from "../../cluster/scheduler/model/decision.ts";
import type { Job } from "../../cluster/scheduler/model/job.ts";
import type { SchedulerState } from "../../cluster/scheduler/model/state.ts";
import type { LoadedState, Store } from "../../cluster/server/ports.ts";
import type { Delivery } from "../../cluster/server/webhooks/records.ts";
import { closeDatabase, openDatabase } from "../open.ts";
import { attemptHistory, endAttempt, insertAttempt, loadLiveAttempts, recordOutcome } from "./attempts-table.ts";
import { insertAudit, latestAudit } from "./audit-rows.ts";
import { clientRowDiffers, loadClients, saveClient } from "./clients-table.ts";
import {
  firstDeliveries,
  giveUpDeliveries,
  latestDeliveries,
  saveDelivery,
  sweepDeliveries,
  waitingDeliveries,
} from "./deliveries-table.ts";
import { eventsOfJob, insertEvent, latestEventsOfClient } from "./events-table.ts";
import { insertJob, jobRowDiffers, loadJobs, updateJob } from "./jobs-table.ts";
import { SERVER_MIGRATIONS } from "./migrations.ts";
import { deleteSegmentsFrom, loadSegments, saveSegment } from "./segments-table.ts";
import { loadTokens, saveToken } from "./tokens-table.ts";
import { loadWebhooks, removeWebhook, saveWebhook } from "./webhooks-table.ts";

export function openServerStore(path: string): Store {
  const database = openDatabase(path, { migrations: SERVER_MIGRATIONS, synchronous: "FULL" });
  const commit = database.transaction(
    (
      previous: SchedulerState,
      next: SchedulerState,
      events: readonly SchedulerEvent[],
      deliveries: readonly Delivery[],
      changes: Changes,
    ) => {
      writeDifferences(database, { previous, next, changes }, new Date().toISOString());
      for (const event of events) {
        insertEvent(database, event);
        recordOutcome(database, event);
      }
      for (const delivery of deliveries) saveDelivery(database, delivery);
    },
  );
  return {
    load: () => load(database),
    createJob: database.transaction((record, job, events, deliveries = []) => {
      insertJob(database, record, job);
      for (const event of events) insertEvent(database, event);
      for (const delivery of deliveries) saveDelivery(database, delivery);
    }).immediate,
    commit(previous, next, events, deliveries, changes) {
      const hasMore = events.length > 0 || deliveries.length > 0;
      if (!hasMore && !hasDifferences({ previous, next, changes })) return;
      commit.immediate(previous, next, events, deliveries, changes);
    },
    jobEvents: (jobId, afterSeq) => eventsOfJob(database, jobId, afterSeq),
    clientEvents: (clientId, limit) => latestEventsOfClient(database, clientId, limit),
    attempts: (jobId) => attemptHistory(database, jobId),
    tokens: () => loadTokens(database),
    saveToken: (record) => saveToken(database, record),
    webhooks: () => loadWebhooks(database),
    saveWebhook: (record) => saveWebhook(database, record),
    removeWebhook: database.transaction((id) => removeWebhook(database, id)).immediate,
    firstDeliveries: () => firstDeliveries(database),
    saveDelivery: database.transaction((delivery) => saveDelivery(database, delivery)).immediate,
    giveUpDeliveries: (webhookId) => giveUpDeliveries(database, webhookId),
    waitingDeliveries: (webhookId) => waitingDeliveries(database, webhookId),
    deliveries: (of, limit, before) => latestDeliveries(database, of, limit, before),
    sweepDeliveries: (before, most) => sweepDeliveries(database, before, most),
    appendAudit: database.transaction((entries) => insertAudit(database, entries)).immediate,
    auditEntries: (limit, before) => latestAudit(database, limit, before),
    close: () => closeDatabase(database),
  };
}

function load(database: Database): LoadedState {
  const segments = loadSegments(database);
  const { jobs, records } = loadJobs(database, (jobId) => segments.get(jobId) ?? []);
  return { state: { jobs, clients: loadClients(database), attempts: loadLiveAttempts(database) }, records };
}

interface Step {
  readonly previous: SchedulerState;
  readonly next: SchedulerState;
  readonly changes: Changes;
}

/** Whether any row would change. Most inputs are heartbeats and progress, which change none. */
function hasDifferences({ previous, next, changes }: Step): boolean {
  for (const id of changes.clients) {
    const client = next.clients.get(id);
    if (client !== undefined && clientRowDiffers(previous.clients.get(id), client)) return true;
  }
  for (const id of changes.jobs) {
    const before = previous.jobs.get(id);
    const job = next.jobs.get(id);
    if (job !== undefined && (jobRowDiffers(before, job) || before?.segments !== job.segments)) return true;
  }
  for (const id of changes.attempts) if (previous.attempts.has(id) !== next.attempts.has(id)) return true;
  return false;
}

function writeDifferences(database: Database, { previous, next, changes }: Step, at: string): void {
  for (const id of changes.clients) {
    const client = next.clients.get(id);
    if (client !== undefined && clientRowDiffers(previous.clients.get(id), client)) saveClient(database, client);
  }
  for (const id of changes.jobs) {
    const job = next.jobs.get(id);
    if (job !== undefined) writeJob(database, previous.jobs.get(id), job, changes);
  }
  for (const id of changes.attempts) {
    const attempt = next.attempts.get(id);
    if (attempt !== undefined && !previous.attempts.has(id)) insertAttempt(database, attempt, at);
    else if (attempt === undefined && previous.attempts.has(id)) endAttempt(database, id, at);
  }
}

function writeJob(database: Database, before: Job | undefined, job: Job, changes: Changes): void {
  if (jobRowDiffers(before, job)) updateJob(database, job);
  if (before !== undefined && before.segments.length > job.segments.length) {
    deleteSegmentsFrom(database, job.id, job.segments.length);
  }
  for (const place of changes.segments.get(job.id) ?? []) {
    const segment = job.segments[place];
    if (segment !== undefined) saveSegment(database, job.id, segment);
  }
}
