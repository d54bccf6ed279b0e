// Puts the parts of webhooks together, and answers the façade's calls about them.
import type { Clock } from "../../../base/clock.ts";
import type { Log } from "../../../base/log.ts";
import { pageInOrder } from "../lists.ts";
import { type DeliveryView, type Notice, TEST_EVENT } from "../webhook-views.ts";
import type { WebhookCalls } from "./calls.ts";
import { Deliverer } from "./deliverer.ts";
import { newDeliveryId } from "./outbox.ts";
import { post } from "./post.ts";
import type { Delivery, JobWebhook, WebhookRecord, WebhookStore } from "./records.ts";
import { Webhooks } from "./webhooks.ts";

export interface WebhookParts {
  readonly store: WebhookStore;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenWebhooks {
  readonly webhooks: Webhooks;
  readonly calls: WebhookCalls;
  /** Begins to deliver. */
  start(ownOf: (jobId: string) => JobWebhook | undefined): void;
  /** There is something to deliver. */
  wake(): void;
  stop(): Promise<void>;
}

export function openWebhooks({ store, clock, log }: WebhookParts): OpenWebhooks {
  const webhooks = new Webhooks(store, () => clock.nowIso(), log);
  let ownOf: (jobId: string) => JobWebhook | undefined = () => undefined;
  let deliverer: Deliverer | null = null;

  const endpointOf = ({ webhookId, jobId }: Delivery) => {
    if (webhookId !== null) {
      const record = webhooks.byId(webhookId);
      return record === undefined || record.off !== null ? null : { ...record, isGuarded: false };
    }
    const own = jobId === null ? undefined : ownOf(jobId);
    return own === undefined ? null : { ...own, isGuarded: !own.isTrusted };
  };
  const open = (): Deliverer => {
    const now = { nowMs: () => Date.parse(clock.nowIso()), random: Math.random };
    deliverer ??= new Deliverer({ store, webhooks, endpointOf, post, log, ...now });
    return deliverer;
  };
  const viewOf = (delivery: Delivery): DeliveryView => deliveryView(delivery, webhooks);

  return {
    webhooks,
    calls: {
      listWebhooks: (wanted) => pageInOrder(webhooks.list(), () => true, wanted),
      webhook: (name) => webhooks.view(webhooks.find(name)),
      createWebhook: (wanted) => webhooks.create(wanted),
      createWebhookOnce: (wanted, { tokenId }, once) => webhooks.createOnce(wanted, tokenId, once),
      removeWebhook: (name) => webhooks.remove(name),
      testWebhook: async (name) => {
        const record = webhooks.find(name);
        return viewOf(await open().test(testOf(record, clock.nowIso()), record));
      },
      webhookDeliveries: (name, limit, before) =>
        store.deliveries({ webhookId: webhooks.find(name).id }, limit, before).map(viewOf),
      jobDeliveries: (jobId, limit, before) => store.deliveries({ ownOfJob: jobId }, limit, before).map(viewOf),
    },
    start(own) {
      ownOf = own;
      open();
    },
    wake: () => deliverer?.wake(),
    stop: async () => await deliverer?.stop(),
  };
}

function testOf({ id }: WebhookRecord, at: string): Delivery {
  const notice = JSON.stringify({ type: TEST_EVENT, timestamp: at, data: {} } satisfies Notice);
  const about = { lane: `test of ${id}`, webhookId: id, jobId: null, event: TEST_EVENT, at, notice };
  return { id: newDeliveryId(), ...about, dueMs: null, outcome: null, tries: [] };
}

function deliveryView(delivery: Delivery, webhooks: Webhooks): DeliveryView {
  const { id, webhookId, jobId, event, at, dueMs, outcome, tries } = delivery;
  return {
    delivery_id: id,
    webhook: webhookId === null ? null : (webhooks.byId(webhookId)?.name ?? null),
    job_id: jobId,
    event,
    at,
    state: outcome ?? "waiting",
    next_try_at: dueMs === null ? null : new Date(dueMs).toISOString(),
    tries,
  };
}
