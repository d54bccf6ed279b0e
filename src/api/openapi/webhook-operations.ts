// What the API's description says of webhooks: the calls about them, and the requests that the server itself sends.
import { z } from "zod";
import type { ZodOpenApiObject } from "zod-openapi";
import {
  createdWebhookSchema,
  deliverySchema,
  noticeSchema,
  TEST_EVENT,
  WEBHOOK_EVENTS,
  webhookSchema,
} from "../../cluster/server/webhook-views.ts";
import type { RouteKey } from "../access.ts";
import { webhooksQuerySchema } from "../contract.ts";
import { deliveriesQuerySchema, newWebhookSchema } from "../webhooks/webhook-contract.ts";
import { created, type Operation, ok, page } from "./operation.ts";
import { idempotencyHeaders } from "./work-operations.ts";

const deliveries = page(deliverySchema, "The newest, in their order; the next page has those before them.");

export const WEBHOOK_OPERATIONS = {
  "GET /api/v1/webhooks": {
    tag: "webhooks",
    summary: "List webhooks of the server",
    query: webhooksQuerySchema,
    answers: page(webhookSchema, "In the order in which they were made, without secrets."),
  },
  "POST /api/v1/webhooks": {
    tag: "webhooks",
    summary: "Make a webhook",
    headers: idempotencyHeaders,
    body: newWebhookSchema,
    answers: created(
      createdWebhookSchema,
      "With the secret that the server made, which no other answer holds; with `Idempotency-Replayed: true` it was there before.",
    ),
  },
  "GET /api/v1/webhooks/:name": { tag: "webhooks", summary: "Show a webhook", answers: ok(webhookSchema) },
  "DELETE /api/v1/webhooks/:name": {
    tag: "webhooks",
    summary: "Remove a webhook, with what waits for it",
    answers: ok(webhookSchema),
  },
  "POST /api/v1/webhooks/:name/test": {
    tag: "webhooks",
    summary: "Send a test event, once; one that gets through switches the webhook on again",
    answers: ok(deliverySchema, "What came of it."),
  },
  "GET /api/v1/webhooks/:name/deliveries": {
    tag: "webhooks",
    summary: "Show what was delivered to a webhook",
    query: deliveriesQuerySchema,
    answers: deliveries,
  },
  "GET /api/v1/jobs/:id/deliveries": {
    tag: "webhooks",
    summary: "Show what was delivered to a job's own webhook",
    query: deliveriesQuerySchema,
    answers: deliveries,
  },
} satisfies Partial<Record<RouteKey, Operation>>;

const sentHeaders = z.object({
  "webhook-id": z.string().meta({ description: "The same for each try of a delivery." }),
  "webhook-timestamp": z.string().meta({ description: "When it was sent, in seconds since 1970." }),
  "webhook-signature": z
    .string()
    .optional()
    .meta({ description: "`v1,` and the HMAC-SHA256 over id, time and body, joined by dots, in base64." }),
});

/** What endpoints get in the format `standard`. */
export const SENT_WEBHOOKS: NonNullable<ZodOpenApiObject["webhooks"]> = Object.fromEntries(
  [...WEBHOOK_EVENTS, TEST_EVENT].map((event) => [
    event,
    {
      post: {
        operationId: `on${event.replace(/(?:^|\.)(\w)/g, (_all, first: string) => first.toUpperCase())}`,
        tags: ["webhooks"],
        security: [],
        requestParams: { header: sentHeaders },
        requestBody: { required: true, content: { "application/json": { schema: noticeSchema } } },
        responses: {
          "2XX": { description: "Taken." },
          "410": { description: "Send no more: the webhook is switched off." },
          default: { description: "Tried again later." },
        },
      },
    },
  ]),
);
