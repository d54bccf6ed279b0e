// The REST contract of webhooks: the bodies of requests. The answers are in cluster/server/webhook-views.ts.
import { z } from "zod";
import { JOB_EVENTS, WEBHOOK_EVENTS, WEBHOOK_FORMATS } from "../../cluster/server/webhook-views.ts";

export type { CreatedWebhookView, DeliveryView, WebhookView } from "../../cluster/server/webhook-views.ts";
export { JOB_EVENTS, WEBHOOK_EVENTS, WEBHOOK_FORMATS };

const about = {
  /** https or http. Answers show its scheme and host alone. */
  url: z.string().min(1).max(2000),
  format: z.enum(WEBHOOK_FORMATS).default("standard"),
  /** `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks has them; no answer holds it. */
  secret: z.string().max(200).nullable().default(null),
};

/** Null: the three that tell of a job's end. */
const some = <const T extends readonly [string, ...string[]]>(events: T) =>
  z.array(z.enum(events)).min(1).max(events.length).nullable().default(null);

export const newWebhookSchema = z.strictObject({
  ...about,
  /** Null: its host. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dots, dashes; at most 64")
    .nullable()
    .default(null),
  events: some(WEBHOOK_EVENTS),
});
export type NewWebhook = z.input<typeof newWebhookSchema>;

/** The webhook of one job. Unless an admin gives it, it must lead to a public address. */
export const jobWebhookSchema = z.strictObject({ ...about, events: some(JOB_EVENTS) });
export type JobWebhook = z.input<typeof jobWebhookSchema>;

const MOST_DELIVERIES = 1000;

export const deliveriesQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_DELIVERIES)
    .default(100)
    .meta({ description: `How many of the newest, at most ${MOST_DELIVERIES}; \`Link\` names the page before them.` }),
  cursor: z.string().max(2000).optional().meta({ description: "Of that `Link`." }),
});
