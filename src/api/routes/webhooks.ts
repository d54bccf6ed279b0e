// Routes of webhooks: make, list, show, remove, test, and what was delivered; also to the webhook of one job.

import type { DeliveryView } from "../../cluster/server/webhook-views.ts";
import { webhooksQuerySchema } from "../contract.ts";
import { json, readJson, readQuery } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { deliveriesQuerySchema, newWebhookSchema } from "../webhooks/webhook-contract.ts";
import { idempotencyOf, REPLAYED } from "./idempotency.ts";
import { keyOf, pageResponse, pageWanted } from "./page.ts";

async function create(call: Call): Promise<Response> {
  const { coordinator, who } = call;
  const wanted = await readJson(call, newWebhookSchema);
  const once = idempotencyOf(call, wanted);
  const { webhook, isNew } =
    once === null
      ? { webhook: coordinator.createWebhook(wanted), isNew: true }
      : coordinator.createWebhookOnce(wanted, who, once);
  call.about(webhook.name);
  return json(webhook, 201, isNew ? {} : REPLAYED);
}

/** The newest, in their order; the next page has those before them. Errors: E_MALFORMED. */
function newest({ url }: Call, find: (limit: number, before: string | null) => readonly DeliveryView[]): Response {
  const { limit, cursor } = readQuery(url, deliveriesQuerySchema);
  const found = find(limit + 1, cursor === undefined ? null : keyOf(cursor));
  const items = found.slice(-limit);
  return pageResponse({ items, next: items.length < found.length ? (items[0]?.delivery_id ?? null) : null }, url);
}

export const webhookRoutes: readonly Route[] = [
  route("GET /api/v1/webhooks", ({ coordinator, url }) =>
    pageResponse(coordinator.listWebhooks(pageWanted(readQuery(url, webhooksQuerySchema))), url),
  ),
  route("POST /api/v1/webhooks", create),
  route("GET /api/v1/webhooks/:name", ({ coordinator, param }) => json(coordinator.webhook(param("name")))),
  route("DELETE /api/v1/webhooks/:name", ({ coordinator, param }) => json(coordinator.removeWebhook(param("name")))),
  route("POST /api/v1/webhooks/:name/test", async ({ coordinator, param }) =>
    json(await coordinator.testWebhook(param("name"))),
  ),
  route("GET /api/v1/webhooks/:name/deliveries", (call) =>
    newest(call, (...wanted) => call.coordinator.webhookDeliveries(call.param("name"), ...wanted)),
  ),
  route("GET /api/v1/jobs/:id/deliveries", (call) =>
    newest(call, (...wanted) => call.coordinator.jobDeliveries(call.param("id"), ...wanted)),
  ),
];
