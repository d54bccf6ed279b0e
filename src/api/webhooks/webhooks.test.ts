// Webhooks over the API, against a real endpoint: what answers hold and what they hide.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../../test/support/memory-coordinator.ts";
import { silentLog } from "../../base/log.ts";
import type { CreatedWebhookView, DeliveryView, WebhookView } from "../../cluster/server/webhook-views.ts";
import { type ApiServer, serveApi } from "../serve-api.ts";

const SECRET = `whsec_${Buffer.alloc(24, 5).toString("base64")}`;
let coordinator: MemoryCoordinator;
let server: ApiServer;
let endpoint: ReturnType<typeof Bun.serve>;
let status = 200;

beforeEach(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
  endpoint = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("heard", { status }) });
  status = 200;
});
afterEach(async () => {
  await endpoint.stop(true);
  await server.stop();
  await coordinator.close();
});

async function ask<T>(method: string, path: string, body?: unknown) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${coordinator.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

const codeOf = async (method: string, path: string, body?: unknown) =>
  (await ask<{ error: { code: string } }>(method, path, body)).body.error.code;

test("a webhook is made, shown without its secret, tried and removed", async () => {
  const url = `http://127.0.0.1:${endpoint.port}/secret-path`;
  const made = await ask<CreatedWebhookView>("POST", "/webhooks", { url });
  expect(made).toMatchObject({ status: 201, body: { name: "127.0.0.1", signed: true, format: "standard", off: null } });
  expect(made.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const own = await ask<CreatedWebhookView>("POST", "/webhooks", { url, name: "own", secret: SECRET, format: "ntfy" });
  expect(own.body).toMatchObject({ secret: null, signed: true });
  const { body: listed } = await ask<WebhookView[]>("GET", "/webhooks");
  expect(listed.map(({ name, target }) => [name, target])).toEqual([
    ["127.0.0.1", `http://127.0.0.1:${endpoint.port}/…`],
    ["own", `http://127.0.0.1:${endpoint.port}/…`],
  ]);
  const tried = await ask<DeliveryView>("POST", "/webhooks/own/test");
  expect(tried.body).toMatchObject({ webhook: "own", state: "delivered", tries: [{ status: 200, answer: "heard" }] });
  status = 500;
  expect((await ask<DeliveryView>("POST", "/webhooks/own/test")).body).toMatchObject({ state: "given-up" });
  const { body: log } = await ask<DeliveryView[]>("GET", "/webhooks/own/deliveries?limit=1");
  expect(log).toMatchObject([{ event: "webhook.test", tries: [{ status: 500 }] }]);
  const removed = await ask<WebhookView>("DELETE", "/webhooks/own");
  expect(removed).toMatchObject({ status: 200, body: { name: "own" } });
  const shown = JSON.stringify([own, listed, tried, log, removed, await ask("GET", "/webhooks/127.0.0.1")]);
  for (const hidden of [SECRET.slice(6), made.body.secret?.slice(6), "secret-path"])
    expect(shown).not.toContain(hidden);
  expect(coordinator.audited.map(({ action, object }) => [action, object])).toEqual([
    ["webhook-create", "127.0.0.1"],
    ["webhook-create", "own"],
    ["webhook-test", "own"],
    ["webhook-test", "own"],
    ["webhook-remove", "own"],
  ]);
  expect(JSON.stringify(coordinator.audited)).not.toContain("secret-path");
});

test("the same Idempotency-Key and body make one webhook, which is shown again with its secret", async () => {
  const post = async (url: string, key: string) => {
    const response = await fetch(`${server.url}/api/v1/webhooks`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${coordinator.token}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify({ url }),
    });
    const body = (await response.json()) as CreatedWebhookView & { error?: { code: string } };
    return { status: response.status, replayed: response.headers.get("idempotency-replayed"), body };
  };
  const made = await post("https://example.com/h", "one");
  expect([made.status, made.replayed]).toEqual([201, null]);
  expect(await post("https://example.com/h", "one")).toEqual({ ...made, replayed: "true" });
  expect((await post("https://example.com/other", "one")).body.error?.code).toBe("E_IDEMPOTENCY_KEY");
  expect((await post("https://example.com/h", "two")).body.name).toBe("example.com-2");
  expect((await ask<WebhookView[]>("GET", "/webhooks")).body).toHaveLength(2);
});

test("what is no webhook is refused, without a word of its secret", async () => {
  const url = "https://example.com/h";
  await ask("POST", "/webhooks", { url, name: "taken" });
  const refused: [unknown, string][] = [
    [{ url: "file:///etc/passwd" }, "E_MALFORMED"],
    [{ url: "https://me:secret@example.com/" }, "E_MALFORMED"],
    [{ url, secret: "whsec_c2hvcnQ=" }, "E_MALFORMED"],
    [{ url, events: ["job.exploded"] }, "E_MALFORMED"],
    [{ url, events: [] }, "E_MALFORMED"],
    [{ url, name: "a b" }, "E_MALFORMED"],
    [{ url, more: 1 }, "E_MALFORMED"],
    [{ url, name: "taken" }, "E_WRONG_STATE"],
  ];
  for (const [body, code] of refused) expect([body, await codeOf("POST", "/webhooks", body)]).toEqual([body, code]);
  const { body } = await ask("POST", "/webhooks", { url, secret: "whsec_c2hvcnQ=" });
  expect(JSON.stringify(body)).not.toContain("c2hvcnQ");
  expect(await codeOf("POST", "/webhooks/nobody/test")).toBe("E_NOT_FOUND");
  expect(await codeOf("GET", "/webhooks/taken/deliveries?limit=0")).toBe("E_MALFORMED");
});

test("a job's webhook comes with the job, and its deliveries are the job's", async () => {
  const job = coordinator.addJob();
  expect(await ask("GET", `/jobs/${job.job_id}/deliveries`)).toEqual({ status: 200, body: [] });
  const asked = { source_id: "x", webhook: { url: "https://example.com/h", events: ["client.left"] } };
  expect(await codeOf("POST", "/jobs", asked)).toBe("E_MALFORMED");
});
