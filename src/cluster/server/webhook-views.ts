// What the outside sees of webhooks: their events, their deliveries, and the body of a delivery, as schemas.
import { z } from "zod";
import type { DeepReadonly } from "../../base/deep-readonly.ts";
import { clientSchema, jobSchema } from "./views.ts";

export const JOB_EVENTS = ["job.started", "job.completed", "job.failed", "job.cancelled"] as const;
export const CLIENT_EVENTS = ["client.joined", "client.left", "client.quarantined"] as const;
export const WEBHOOK_EVENTS = [...JOB_EVENTS, ...CLIENT_EVENTS] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];
export type JobEvent = (typeof JOB_EVENTS)[number];

/** Sent when somebody asks for it. */
export const TEST_EVENT = "webhook.test";

/** Of a webhook that names no events. */
export const DEFAULT_EVENTS = ["job.completed", "job.failed", "job.cancelled"] as const satisfies readonly JobEvent[];

/** Shapes of the body: our own, and what each of these services takes. */
export const WEBHOOK_FORMATS = ["standard", "ntfy", "discord", "slack"] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

export const webhookSchema = z.object({
  webhook_id: z.string(),
  name: z.string(),
  /** Scheme and host: the rest of an address may be a secret. */
  target: z.string(),
  format: z.enum(WEBHOOK_FORMATS),
  events: z.array(z.enum(WEBHOOK_EVENTS)),
  /** Its deliveries have a signature. */
  signed: z.boolean(),
  created_at: z.string(),
  /** Since when no delivery has got through; null: the last one did. */
  failing_since: z.string().nullable(),
  /** Why it was switched off; null: it is on. */
  off: z.string().nullable(),
  /** Deliveries that are still to be made. */
  waiting: z.number(),
});
export type WebhookView = DeepReadonly<z.infer<typeof webhookSchema>>;

/** `secret`: with which deliveries are signed; in this answer and nowhere else. Null: the one that was given, or none. */
export const createdWebhookSchema = webhookSchema.extend({ secret: z.string().nullable() });
export type CreatedWebhookView = DeepReadonly<z.infer<typeof createdWebhookSchema>>;

const trySchema = z.object({
  at: z.string(),
  ms: z.number(),
  /** Of the answer; null: there was none. */
  status: z.number().nullable(),
  /** The first bytes of the answer's body, as text. */
  answer: z.string().nullable(),
  /** Why there was no answer; null: there was one. */
  error: z.string().nullable(),
});
export type DeliveryTry = DeepReadonly<z.infer<typeof trySchema>>;

export const deliverySchema = z.object({
  /** The `webhook-id` of every try. */
  delivery_id: z.string(),
  /** Null: the job's own webhook. */
  webhook: z.string().nullable(),
  job_id: z.string().nullable(),
  event: z.string(),
  /** When it happened. */
  at: z.string(),
  state: z.enum(["waiting", "delivered", "given-up"]),
  /** Null: it has ended. */
  next_try_at: z.string().nullable(),
  tries: z.array(trySchema),
});
export type DeliveryView = DeepReadonly<z.infer<typeof deliverySchema>>;

/** The body of a delivery in the format `standard`. */
export const noticeSchema = z.object({
  type: z.enum([...WEBHOOK_EVENTS, TEST_EVENT]),
  /** When it happened; the header `webhook-timestamp` says when it was sent. */
  timestamp: z.string(),
  data: z.object({ job: jobSchema.exactOptional(), client: clientSchema.exactOptional() }),
});
export type Notice = DeepReadonly<z.infer<typeof noticeSchema>>;
