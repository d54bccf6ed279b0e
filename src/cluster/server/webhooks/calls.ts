// The part of the coordinator's contract about webhooks.
import type { Principal } from "../../protocol/roles.ts";
import type { KeyedRequest } from "../access/idempotency-keys.ts";
import type { Page, PageWanted } from "../lists.ts";
import type {
  CreatedWebhookView,
  DeliveryView,
  JobEvent,
  WebhookEvent,
  WebhookFormat,
  WebhookView,
} from "../webhook-views.ts";

/** What may be said of any webhook. */
export interface WebhookWanted {
  readonly url: string;
  /** Null: those that tell of the end of a job. */
  readonly events: readonly WebhookEvent[] | null;
  readonly format: WebhookFormat;
  readonly secret: string | null;
}

export interface NewWebhook extends WebhookWanted {
  /** Null: that of its host. */
  readonly name: string | null;
}

/** For one job. */
export interface NewJobWebhook extends WebhookWanted {
  readonly events: readonly JobEvent[] | null;
}

export interface WebhookCalls {
  /** In the order of their creation. */
  listWebhooks(wanted: PageWanted): Page<WebhookView>;
  /** Errors: E_NOT_FOUND. */
  webhook(name: string): WebhookView;
  /** Errors: E_MALFORMED for a URL or secret that is none; E_WRONG_STATE for a name in use; E_BUSY. */
  createWebhook(wanted: NewWebhook): CreatedWebhookView;
  /** As createWebhook; the same key of the same token gives the same webhook, for a day. Errors: E_IDEMPOTENCY_KEY too. */
  createWebhookOnce(
    wanted: NewWebhook,
    who: Principal,
    once: KeyedRequest,
  ): { readonly webhook: CreatedWebhookView; readonly isNew: boolean };
  /** Nothing more is delivered to it, also of what waits. Errors: E_NOT_FOUND. */
  removeWebhook(name: string): WebhookView;
  /** Sends an event of its own at once, and tells what came of it; one that gets through switches the webhook on again. Errors: E_NOT_FOUND. */
  testWebhook(name: string): Promise<DeliveryView>;
  /** The latest `limit`, ascending; with `before`, the id of one, those before it. Errors: E_NOT_FOUND. */
  webhookDeliveries(name: string, limit: number, before: string | null): DeliveryView[];
  /** As webhookDeliveries, of the job's own webhook. */
  jobDeliveries(jobId: string, limit: number, before: string | null): DeliveryView[];
}
