// What the server keeps of webhooks and their deliveries, and the port to where it is kept.
import type { DeliveryTry, JobEvent, WebhookEvent, WebhookFormat } from "../webhook-views.ts";

/** Where a delivery goes and how it looks there. */
export interface Endpoint {
  readonly url: string;
  readonly format: WebhookFormat;
  /** `whsec_` and base64; null: deliveries have no signature. */
  readonly secret: string | null;
}

/** The `Idempotency-Key` that a webhook was made with. */
export interface WebhookMadeWith {
  /** Id of the caller's token. */
  readonly by: string;
  readonly key: string;
  readonly requestSha256: string;
  /** The server made the secret, and the answer holds it. */
  readonly tellsSecret: boolean;
}

/** A webhook of the server; an admin made it. */
export interface WebhookRecord extends Endpoint {
  readonly id: string;
  /** No two have the same. */
  readonly name: string;
  readonly events: readonly WebhookEvent[];
  readonly createdAt: string;
  readonly failingSince: string | null;
  /** Why it was switched off; null: it is on. */
  readonly off: string | null;
  /** Absent: it had no key. */
  readonly made?: WebhookMadeWith;
}

/** A webhook of one job; it is part of the job's record. */
export interface JobWebhook extends Endpoint {
  readonly events: readonly JobEvent[];
  /** An admin gave it: it may lead to any address. */
  readonly isTrusted: boolean;
}

/** One event for one webhook: what is to be delivered, and what became of it. */
export interface Delivery {
  /** Stays the same over all tries. */
  readonly id: string;
  /** Of the deliveries of one lane one is under way at a time: a slow endpoint keeps nobody else waiting. */
  readonly lane: string;
  /** Null: the job's own webhook. */
  readonly webhookId: string | null;
  readonly jobId: string | null;
  readonly event: string;
  readonly at: string;
  /** A Notice as JSON: the body in the format `standard`. */
  readonly notice: string;
  /** Wall time of the next try; null: it has ended. */
  readonly dueMs: number | null;
  /** Null: it is waiting. */
  readonly outcome: "delivered" | "given-up" | null;
  readonly tries: readonly DeliveryTry[];
}

/** Which deliveries: those of a webhook, or of a job's own. */
export type DeliveriesOf = { readonly webhookId: string } | { readonly ownOfJob: string };

/**
 * Where they are kept, beside the state: deliveries are added by createJob and commit of the Store, in the transaction of the
 * event. Each call that writes is durable when it returns, and may be made again after one that failed.
 */
export interface WebhookStore {
  /** In the order in which they were first saved. */
  webhooks(): WebhookRecord[];
  /** Adds it, or replaces the one of the same id. */
  saveWebhook(record: WebhookRecord): void;
  /** With all its deliveries. */
  removeWebhook(id: string): void;
  /** Of each lane the waiting delivery that is due first, of several the one that was added first; in this order, too. */
  firstDeliveries(): Delivery[];
  /** Adds it, or replaces the one of the same id. One whose webhook was removed is not added. */
  saveDelivery(delivery: Delivery): void;
  /** Ends those of a webhook that wait. */
  giveUpDeliveries(webhookId: string): void;
  waitingDeliveries(webhookId: string): number;
  /**
   * The latest `limit`, ascending in the order in which they were added; with `before`, the id of one of them, of those
   * that were added before it. None where there is no such delivery any more.
   */
  deliveries(of: DeliveriesOf, limit: number, before: string | null): Delivery[];
  /** Removes those that have ended and were of an event before `before`, or are not among the newest `most`. */
  sweepDeliveries(before: string, most: number): void;
}
