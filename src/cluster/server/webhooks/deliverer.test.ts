// Deliveries to real servers that fail, hang, redirect or never end, with a clock that is moved by hand.
import { afterEach, expect, test } from "bun:test";
import { MemoryDisk, MemoryStore } from "../../../../test/support/memory-store.ts";
import { createLog } from "../../../base/log.ts";
import type { Notice } from "../webhook-views.ts";
import { Deliverer } from "./deliverer.ts";
import { newDeliveryId } from "./outbox.ts";
import { post } from "./post.ts";
import type { Delivery, Endpoint } from "./records.ts";
import { WAITS_MS } from "./waits.ts";
import { Webhooks } from "./webhooks.ts";

interface Got {
  readonly id: string;
  readonly body: string;
}

const started: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const each of started.splice(0).reverse()) await each.stop();
});

/** A server that answers each request with what `answer` gives; `next` resolves with the next one. */
function endpoint(answer: (got: Got, nth: number) => Response | Promise<Response>) {
  const got: Got[] = [];
  let heard = Promise.withResolvers<Got>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const one = { id: request.headers.get("webhook-id") ?? "", body: await request.text() };
      got.push(one);
      heard.resolve(one);
      heard = Promise.withResolvers();
      return await answer(one, got.length);
    },
  });
  started.push({ stop: () => server.stop(true) });
  return { url: `http://127.0.0.1:${server.port}/hook`, got, next: () => heard.promise };
}

function bench(own: (Endpoint & { readonly isGuarded: boolean }) | null = null) {
  const clock = { ms: Date.parse("2026-01-01T00:00:00.000Z") };
  const lines: string[] = [];
  const log = createLog("warn", [], { write: (line) => lines.push(line) });
  const store = new MemoryStore(new MemoryDisk());
  const settled: (() => void)[] = [];
  const saveDelivery = store.saveDelivery.bind(store);
  store.saveDelivery = (delivery) => {
    saveDelivery(delivery);
    for (const resolve of settled.splice(0)) resolve();
  };
  const webhooks = new Webhooks(store, () => new Date(clock.ms).toISOString(), log);
  const endpointOf = ({ webhookId }: Delivery) => {
    const record = webhookId === null ? undefined : webhooks.byId(webhookId);
    return record === undefined ? own : { ...record, isGuarded: false };
  };
  const parts = { store, webhooks, endpointOf, post, log, nowMs: () => clock.ms, random: () => 0 };
  const deliverer = new Deliverer(parts);
  started.push(deliverer);
  const add = (webhookId: string | null, lane = `webhook ${webhookId}`): Delivery => {
    const at = new Date(clock.ms).toISOString();
    const notice = JSON.stringify({ type: "webhook.test", timestamp: at, data: {} } satisfies Notice);
    const about = { id: newDeliveryId(), lane, webhookId, jobId: "j", event: "webhook.test", at, notice };
    const delivery: Delivery = { ...about, dueMs: clock.ms, outcome: null, tries: [] };
    saveDelivery(delivery);
    deliverer.wake();
    return delivery;
  };
  const find = (id: string) => {
    const all = [...store.webhooks().flatMap((hook) => store.deliveries({ webhookId: hook.id }, 99, null))];
    return [...all, ...store.deliveries({ ownOfJob: "j" }, 99, null)].find((each) => each.id === id);
  };
  const hook = (url: string) => {
    webhooks.create({ name: null, url, events: null, format: "standard", secret: null });
    return webhooks.list().at(-1)?.webhook_id ?? "";
  };
  return {
    ...{ clock, store, webhooks, deliverer, add, find, hook, lines },
    /** Resolves when the next try is stored. */
    stored: () => new Promise<void>((resolve) => settled.push(resolve)),
    pass(ms: number) {
      clock.ms += ms;
      deliverer.wake();
    },
  };
}

test("what fails is tried again with the same id after growing waits, until it gets through", async () => {
  const failing = endpoint((_got, nth) => new Response("not now", { status: nth < 3 ? 503 : 204 }));
  const { add, find, hook, stored, pass, webhooks } = bench();
  const id = hook(failing.url);
  const { id: delivery } = add(id);
  await stored();
  expect(webhooks.list()).toMatchObject([{ failing_since: "2026-01-01T00:00:00.000Z", waiting: 1 }]);
  expect(find(delivery)).toMatchObject({ outcome: null, tries: [{ status: 503, answer: "not now", error: null }] });
  pass(WAITS_MS[0] ?? 0);
  await stored();
  pass(WAITS_MS[1] ?? 0);
  await stored();
  expect(find(delivery)).toMatchObject({ outcome: "delivered", dueMs: null, tries: [{}, {}, { status: 204 }] });
  expect(failing.got.map((got) => got.id)).toEqual([delivery, delivery, delivery]);
  expect(webhooks.list()).toMatchObject([{ failing_since: null, waiting: 0, off: null }]);
});

test("Retry-After is heeded; a redirect is a failure and not followed", async () => {
  const other = endpoint(() => new Response(""));
  const moved = endpoint(
    () => new Response(null, { status: 307, headers: { location: other.url, "retry-after": "60" } }),
  );
  const { add, find, hook, stored, clock } = bench();
  const { id } = add(hook(moved.url));
  await stored();
  expect(find(id)).toMatchObject({ outcome: null, dueMs: clock.ms + 60_000, tries: [{ status: 307 }] });
  expect(other.got).toEqual([]);
});

test("410 switches a webhook off, which is said; a test that gets through switches it on again", async () => {
  const gone = endpoint((_got, nth) => new Response("", { status: nth === 1 ? 410 : 200 }));
  const { add, find, hook, stored, webhooks, lines, deliverer } = bench();
  const id = hook(gone.url);
  const { id: first } = add(id);
  const { id: second } = add(id);
  await stored();
  await until(() => webhooks.byId(id)?.off !== null);
  expect([find(first)?.outcome, find(second)?.outcome]).toEqual(["given-up", "given-up"]);
  expect([webhooks.live(), gone.got.length]).toEqual([[], 1]);
  expect(lines.join("")).toMatch(
    /the webhook 127\.0\.0\.1 \(http:\/\/127\.0\.0\.1:\d+\/…\) is switched off: it answered 410 Gone/,
  );
  const record = webhooks.byId(id);
  if (record === undefined) throw new Error("gone");
  const tested: Delivery = { ...add(id), id: "msg_test", dueMs: null };
  expect(await deliverer.test(tested, record)).toMatchObject({ outcome: "delivered", tries: [{ status: 200 }] });
  expect(webhooks.live()).toHaveLength(1);
});

test("a webhook that nothing gets through to for days is switched off", async () => {
  const down = endpoint(() => new Response("", { status: 500 }));
  const { add, find, hook, stored, pass, webhooks } = bench();
  const id = hook(down.url);
  const { id: delivery } = add(id);
  await stored();
  for (const wait of WAITS_MS) {
    pass(wait);
    await stored();
  }
  expect(find(delivery)?.tries).toHaveLength(WAITS_MS.length + 1);
  expect(webhooks.byId(id)?.off).toBe("nothing has got through since 2026-01-01T00:00:00.000Z");
});

test("one that hangs keeps no other waiting, and what was under way is sent again by the next process", async () => {
  const hangs = endpoint(() => new Promise<Response>(() => {}));
  const works = endpoint(() => new Response("thanks"));
  const { add, find, hook, stored, deliverer } = bench();
  const slow = hook(hangs.url);
  const heard = hangs.next();
  const { id: first } = add(slow);
  await heard;
  const { id: other } = add(hook(works.url));
  await stored();
  expect(find(other)).toMatchObject({ outcome: "delivered", tries: [{ answer: "thanks" }] });
  await deliverer.stop();
  expect(find(first)).toMatchObject({ outcome: null, tries: [] });
  expect(find(first)?.dueMs).not.toBeNull();
});

test("endpoints of jobs that hang are bounded in number, and keep no webhook of the server waiting", async () => {
  const hangs = endpoint(() => new Promise<Response>(() => {}));
  const works = endpoint(() => new Response("thanks"));
  const { add, find, hook, stored } = bench({ url: hangs.url, format: "standard", secret: null, isGuarded: false });
  for (let token = 0; token < 12; token++) add(null, `jobs of ${token}`);
  await until(() => hangs.got.length === 8);
  const { id } = add(hook(works.url));
  await stored();
  expect([find(id)?.outcome, hangs.got.length]).toEqual(["delivered", 8]);
});

test("an endless answer is cut, and what it says to a terminal is made harmless", async () => {
  const chunk = new TextEncoder().encode(`\u001b[2J${"a".repeat(4000)}`);
  const endless = endpoint(() => new Response(new ReadableStream({ pull: (to) => to.enqueue(chunk) })));
  const { add, find, hook, stored } = bench();
  const { id } = add(hook(endless.url));
  await stored();
  expect(find(id)?.outcome).toBe("delivered");
  expect(find(id)?.tries[0]?.answer).toMatch(/^a{400,512}$/);
});

test("a submitter's webhook reaches nothing inside, by address or by name; an admin's does", async () => {
  const inside = endpoint(() => new Response("secret"));
  const { port } = new URL(inside.url);
  const about = { format: "standard", secret: null } as const;
  for (const host of ["127.0.0.1", "localhost", "[::1]"]) {
    const { add, find, stored } = bench({ ...about, url: `http://${host}:${port}/`, isGuarded: true });
    const { id } = add(null, "jobs of t");
    await stored();
    const [attempt] = find(id)?.tries ?? [];
    expect(attempt).toMatchObject({ status: null, answer: null, error: "it leads to no public address" });
  }
  expect(inside.got).toEqual([]);
  const { add, find, stored } = bench({ ...about, url: inside.url, isGuarded: false });
  const { id } = add(null, "jobs of t");
  await stored();
  expect(find(id)).toMatchObject({ outcome: "delivered", tries: [{ answer: "secret" }] });
});

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn > 10_000) throw new Error("it never came");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
