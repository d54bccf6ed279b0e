// What a decision has to tell the outside: one delivery for each webhook that wants to hear of it. The engine commits them
// together with the decision's events, so none is lost and none tells of what did not happen.
import { newId } from "../../../base/ids.ts";
import type { SchedulerEvent } from "../../scheduler/model/decision.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import type { ClientView, JobView } from "../views.ts";
import type { Notice } from "../webhook-views.ts";
import { type Happening, happenings } from "./notices.ts";
import type { Delivery, JobWebhook, WebhookRecord } from "./records.ts";

export interface OutboxParts {
  /** Of the server, those that are on. */
  readonly webhooks: () => readonly WebhookRecord[];
  /** Of one job, with the id of the token that it was submitted with. */
  readonly ownOf: (jobId: string) => { readonly webhook: JobWebhook; readonly owner: string } | null;
  /** As the state has it, which need not be the engine's yet. */
  readonly jobView: (state: SchedulerState, jobId: string) => JobView | null;
  readonly clientView: (state: SchedulerState, clientId: string) => ClientView | null;
}

export type Outbox = (
  previous: SchedulerState,
  next: SchedulerState,
  events: readonly SchedulerEvent[],
) => readonly Delivery[];

/** The `webhook-id` of a new delivery; it holds no dot, as its signature needs. */
export function newDeliveryId(): string {
  return `msg_${newId()}`;
}

type Addressed = Pick<Delivery, "lane" | "webhookId">;

function receiversOf(happening: Happening, parts: OutboxParts): Addressed[] {
  const { event } = happening;
  const wanted = parts.webhooks().filter(({ events }) => events.includes(event));
  const receivers: Addressed[] = wanted.map(({ id }) => ({ lane: `webhook ${id}`, webhookId: id }));
  if (!("jobId" in happening)) return receivers;
  const own = parts.ownOf(happening.jobId);
  if (own?.webhook.events.includes(happening.event)) receivers.push({ lane: `jobs of ${own.owner}`, webhookId: null });
  return receivers;
}

function dataOf(happening: Happening, state: SchedulerState, parts: OutboxParts): Notice["data"] | null {
  if ("jobId" in happening) {
    const job = parts.jobView(state, happening.jobId);
    return job === null ? null : { job };
  }
  const client = parts.clientView(state, happening.clientId);
  return client === null ? null : { client };
}

export function outboxOf(parts: OutboxParts): Outbox {
  return (previous, next, events) => {
    const at = events[0]?.at;
    if (at === undefined) return [];
    return happenings(previous, next, events).flatMap((happening) => {
      const receivers = receiversOf(happening, parts);
      const data = receivers.length === 0 ? null : dataOf(happening, next, parts);
      if (data === null) return [];
      const { event } = happening;
      const notice = JSON.stringify({ type: event, timestamp: at, data } satisfies Notice);
      const jobId = "jobId" in happening ? happening.jobId : null;
      const fresh = { jobId, event, at, notice, dueMs: Date.parse(at), outcome: null, tries: [] };
      return receivers.map((receiver): Delivery => ({ id: newDeliveryId(), ...receiver, ...fresh }));
    });
  };
}
