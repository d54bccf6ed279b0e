import { expect, test } from "bun:test";
import { MemoryStore } from "../../../../test/support/memory-store.ts";
import { silentLog } from "../../../base/log.ts";
import type { NewWebhook } from "./calls.ts";
import { jobWebhookOf, Webhooks } from "./webhooks.ts";

const AT = "2026-01-01T00:00:00.000Z";
const made = (over: Partial<NewWebhook> = {}): NewWebhook => {
  return { name: null, url: "https://example.com/h", events: null, format: "standard", secret: null, ...over };
};

test("webhooks are named after their host, each by a name of its own, and there are only so many", () => {
  const webhooks = new Webhooks(new MemoryStore(), () => AT, silentLog);
  for (let count = 0; count < 99; count++) webhooks.create(made());
  webhooks.create(made({ url: "http://[2001:db8::1]:9/" }));
  expect(webhooks.list().map(({ name }) => name)).toEqual([
    "example.com",
    ...Array.from({ length: 98 }, (_, at) => `example.com-${at + 2}`),
    "2001-db8--1",
  ]);
  expect(() => webhooks.create(made())).toThrow("there are 100 webhooks");
});

test("they are there again after a restart, and so is why one is off", () => {
  const store = new MemoryStore();
  const before = new Webhooks(store, () => AT, silentLog);
  const { webhook_id: id } = before.create(made({ name: "nas" }));
  before.failed(id, AT);
  before.switchOff(id, "it answered 410 Gone");
  before.worked(id);
  const after = new Webhooks(store, () => AT, silentLog);
  expect(after.list()).toMatchObject([{ name: "nas", failing_since: AT, off: "it answered 410 Gone" }]);
  after.worked(id, true);
  expect(after.list()).toMatchObject([{ failing_since: null, off: null }]);
});

test("a job's webhook leads anywhere only where it may", () => {
  const { name: _name, ...own } = made({ url: "http://192.168.1.9/h" });
  const asked = { ...own, events: null };
  expect(() => jobWebhookOf(asked, false)).toThrow("may not lead to 192.168.1.9");
  expect(jobWebhookOf(asked, true)).toMatchObject({ url: "http://192.168.1.9/h", isTrusted: true });
  // What a name leads to is seen when the connection is made.
  expect(jobWebhookOf({ ...asked, url: "https://nas.example.com/" }, false)).toMatchObject({ isTrusted: false });
});
