// Routes of webhooks: make, list, show, remove, test, and what was delivered; also to the webhook of one job.
import { json, readJson, readQuery } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { deliveriesQuerySchema, newWebhookSchema } from "../webhooks/webhook-contract.ts";
import { idempotencyOf, REPLAYED } from "./idempotency.ts";

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

const limitOf = ({ url }: Call): number => readQuery(url, deliveriesQuerySchema).limit;

export const webhookRoutes: readonly Route[] = [
  route("GET /api/v1/webhooks", ({ coordinator }) => json(coordinator.listWebhooks())),
  route("POST /api/v1/webhooks", create),
  route("GET /api/v1/webhooks/:name", ({ coordinator, param }) => json(coordinator.webhook(param("name")))),
  route("DELETE /api/v1/webhooks/:name", ({ coordinator, param }) => json(coordinator.removeWebhook(param("name")))),
  route("POST /api/v1/webhooks/:name/test", async ({ coordinator, param }) =>
    json(await coordinator.testWebhook(param("name"))),
  ),
  route("GET /api/v1/webhooks/:name/deliveries", (call) =>
    json(call.coordinator.webhookDeliveries(call.param("name"), limitOf(call))),
  ),
  route("GET /api/v1/jobs/:id/deliveries", (call) =>
    json(call.coordinator.jobDeliveries(call.param("id"), limitOf(call))),
  ),
];
