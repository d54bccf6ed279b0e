// Webhooks of a real server: what happened is told, signed and with one id over all tries, also when the server is killed
// between the event and its delivery; secrets are shown once and nowhere else.
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CreatedWebhookView, DeliveryView } from "../../src/cluster/server/webhook-views.ts";
import { Cluster, until } from "../support/cluster.ts";

const SOURCE = join(import.meta.dir, "../fixtures/media/audio-shorter.mp4");
const OWN_SECRET = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;

interface Got {
  readonly path: string;
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly headers: Headers;
}

/** Signatures by the words of the specification, with another implementation than the server's. */
async function isSigned({ body, headers, id }: Got, secret: string): Promise<boolean> {
  const bytes = Uint8Array.from(atob(secret.replace("whsec_", "")), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const timestamp = headers.get("webhook-timestamp") ?? "";
  const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  const [version, signature = ""] = (headers.get("webhook-signature") ?? "").split(",");
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const given = Uint8Array.from(atob(signature), (char) => char.charCodeAt(0));
  return isFresh && version === "v1" && (await crypto.subtle.verify("HMAC", key, given, signed));
}

/** Holds back its answer to what `holds` says, for ever. */
function receiver(holds: (got: Got) => boolean) {
  const got: Got[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const body = await request.text();
      const { headers } = request;
      const { type } = JSON.parse(body) as { type: string };
      const one = { path: new URL(request.url).pathname, id: headers.get("webhook-id") ?? "", type, body, headers };
      got.push(one);
      return holds(one) ? await new Promise<Response>(() => {}) : new Response("taken", { status: 202 });
    },
  });
  const of = (path: string, type: string) => got.filter((one) => one.path === path && one.type === type);
  return { url: server.url.origin, of, [Symbol.asyncDispose]: () => server.stop(true) };
}

test("kill -9 between a job's end and its delivery: it is delivered by the next server, under the same id", async () => {
  await using cluster = await Cluster.make();
  let isHolding = true;
  await using endpoint = receiver(({ path, type }) => isHolding && path === "/hook" && type === "job.completed");
  const server = await cluster.serve();
  const events = ["--events", "job.started,job.completed,client.joined"];
  const hook = await cluster.json<CreatedWebhookView>(["webhooks", "add", `${endpoint.url}/hook`, ...events]);
  const secret = hook.secret ?? "";
  const tried = await cluster.command(["webhooks", "test", hook.name]);
  expect([tried.exitCode, tried.stdout]).toEqual([0, expect.stringMatching(/^delivered: 202 in \d+ ms\ntaken\n?$/)]);
  await cluster.join("one");
  const own = ["--webhook", `${endpoint.url}/own`, "--webhook-secret", OWN_SECRET, "--webhook-events", "job.completed"];
  const jobId = await cluster.submit(SOURCE, cluster.path("out.mp4"), "-c:v libx264 -preset ultrafast", own);
  await until("the end is told", 90_000, async () => endpoint.of("/hook", "job.completed").length === 1);
  server.kill("SIGKILL");
  await server.exited;
  isHolding = false;
  const second = await cluster.serve();
  await until("it is told again", 30_000, async () => endpoint.of("/hook", "job.completed").length === 2);
  await until("the job's own webhook is told", 30_000, async () => endpoint.of("/own", "job.completed").length > 0);

  const told = endpoint.of("/hook", "job.completed");
  expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  expect(endpoint.of("/hook", "client.joined").length).toBeGreaterThan(0);
  expect(endpoint.of("/hook", "job.started")).toHaveLength(1);
  for (const one of [...told, ...endpoint.of("/hook", "webhook.test")]) expect(await isSigned(one, secret)).toBe(true);
  const [ofJob] = endpoint.of("/own", "job.completed");
  if (ofJob === undefined) throw new Error("not told");
  expect([await isSigned(ofJob, OWN_SECRET), await isSigned(ofJob, secret)]).toEqual([true, false]);
  expect(JSON.parse(ofJob.body)).toMatchObject({ data: { job: { job_id: jobId, status: "Completed" } } });

  const delivered = async () => {
    const log = await cluster.json<DeliveryView[]>(["webhooks", "deliveries", hook.name]);
    return log.some(({ event, state }) => event === "job.completed" && state === "delivered");
  };
  await until("the log has it", 10_000, delivered);
  const log = await cluster.json<DeliveryView[]>(["webhooks", "deliveries", "--job", jobId]);
  expect(log).toMatchObject([{ webhook: null, state: "delivered", tries: [{ status: 202, answer: "taken" }] }]);

  const shown = await Promise.all([
    cluster.command(["webhooks", "list", "--json"]),
    cluster.command(["webhooks", "deliveries", hook.name, "--json"]),
    cluster.command(["jobs", "show", jobId, "--json"]),
  ]);
  const texts = [...shown.map(({ stdout }) => stdout), server.stderr(), second.stderr()];
  for (const name of (await readdir(cluster.workDir)).filter((each) => each.startsWith("audit")))
    texts.push(await Bun.file(join(cluster.workDir, name)).text());
  for (const text of texts) for (const hidden of [secret, OWN_SECRET]) expect(text).not.toContain(hidden.slice(6));
  expect(JSON.parse(shown[0].stdout)).toMatchObject([{ target: `${endpoint.url}/…`, signed: true, off: null }]);
}, 240_000);

test("a submitter's webhook may not lead inside; webhooks of the server are an admin's", async () => {
  await using cluster = await Cluster.make();
  await cluster.serve();
  const token = await cluster.json<{ token: string }>(["token", "create", "--role", "submit", "--name", "ben"]);
  const ask = async (bearer: string) => {
    const response = await fetch(`${cluster.url}/api/v1/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      body: JSON.stringify({ source_id: "none", webhook: { url: "http://169.254.169.254/latest/" } }),
    });
    return ((await response.json()) as { error: { code: string } }).error.code;
  };
  expect([await ask(token.token), await ask(cluster.token)]).toEqual(["E_FORBIDDEN", "E_UNKNOWN_ID"]);
  const listing = await fetch(`${cluster.url}/api/v1/webhooks`, {
    headers: { authorization: `Bearer ${token.token}` },
  });
  expect(listing.status).toBe(403);
});
