// The part of the Store's contract about webhooks and their deliveries.
import { expect } from "bun:test";
import type { Store } from "../../src/cluster/server/ports.ts";
import type { Delivery, WebhookRecord } from "../../src/cluster/server/webhooks/records.ts";
import { commit } from "../support/commit.ts";
import type { StoreUnderTest } from "./store-contract.ts";
import { attempt, client, empty, event, job, record, segment, stateOf } from "./store-states.fixture.ts";

const hook: WebhookRecord = {
  id: "w1",
  name: "nas",
  url: "https://example.com/hook?key=1",
  format: "standard",
  secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
  events: ["job.completed", "client.left"],
  createdAt: "2026-01-01T00:00:00.000Z",
  failingSince: null,
  off: null,
};

const delivery: Delivery = {
  id: "msg_1",
  lane: "webhook w1",
  webhookId: "w1",
  jobId: "j1",
  event: "job.completed",
  at: "2026-01-01T00:00:02.000Z",
  notice: '{"type":"job.completed"}',
  dueMs: 1_767_225_602_000,
  outcome: null,
  tries: [],
};

const attempted = { at: "2026-01-01T00:00:03.000Z", ms: 12, status: 500, answer: "no", error: null };

function* nowAndNext({ store, reopen }: StoreUnderTest) {
  yield store;
  yield reopen();
}

const idsOf = (deliveries: readonly Delivery[]) => deliveries.map(({ id }) => id);
const ofHook = (store: Store) => idsOf(store.deliveries({ webhookId: "w1" }, 99, null));

export const WEBHOOK_CONTRACT: Readonly<Record<string, (subject: StoreUnderTest) => void>> = {
  "webhooks are kept in the order in which they came; the same id is the same one, changed": (subject) => {
    const { store } = subject;
    const other: WebhookRecord = { ...hook, id: "w0", name: "chat", secret: null, format: "slack", events: [] };
    expect(store.webhooks()).toEqual([]);
    store.saveWebhook(hook);
    store.saveWebhook(other);
    const made = { by: "t", key: "k", requestSha256: "ab", tellsSecret: true };
    const changed = { ...hook, failingSince: "2026-01-02T00:00:00.000Z", off: "it answered 410 Gone", made };
    store.saveWebhook(changed);
    for (const each of nowAndNext(subject)) expect(each.webhooks()).toEqual([changed, other]);
  },

  "deliveries are stored with the events of a commit, and with a new job": (subject) => {
    const { store } = subject;
    store.saveWebhook(hook);
    const own: Delivery = { ...delivery, id: "msg_2", lane: "jobs of t", webhookId: null };
    store.createJob(record, job, [event("job-status", "→ Queued")], [delivery]);
    commit(store, stateOf([job]), stateOf([job]), [event("job-status", "x")], [own]);
    for (const each of nowAndNext(subject)) {
      expect(each.deliveries({ webhookId: "w1" }, 9, null)).toEqual([delivery]);
      expect(each.deliveries({ ownOfJob: "j1" }, 9, null)).toEqual([own]);
      expect(idsOf(each.firstDeliveries())).toEqual(["msg_1", "msg_2"]);
    }
  },

  "a commit that fails leaves none of its deliveries, and so does a job that is not created": (subject) => {
    const { store } = subject;
    store.saveWebhook(hook);
    store.createJob(record, job, []);
    const strange = stateOf([{ ...job, segments: [segment] }], [client], [{ ...attempt, jobId: "never created" }]);
    expect(() => commit(store, stateOf([job]), strange, [], [delivery])).toThrow();
    expect(() => store.createJob(record, job, [], [delivery])).toThrow();
    for (const each of nowAndNext(subject)) expect(ofHook(each)).toEqual([]);
  },

  "of each lane the delivery that is due first leads, until it has ended": (subject) => {
    const { store } = subject;
    store.saveWebhook(hook);
    const due = (id: string, dueMs: number, lane = delivery.lane): Delivery => ({ ...delivery, id, dueMs, lane });
    commit(store, empty, empty, [], [due("a", 20), due("b", 10), due("c", 15, "webhook w2"), due("d", 10)]);
    expect(idsOf(store.firstDeliveries())).toEqual(["b", "c"]);
    store.saveDelivery({ ...due("b", 10), dueMs: 30, tries: [attempted] });
    expect(idsOf(store.firstDeliveries())).toEqual(["d", "c"]);
    store.saveDelivery({ ...due("d", 10), dueMs: null, outcome: "delivered", tries: [attempted] });
    for (const each of nowAndNext(subject)) {
      expect(idsOf(each.firstDeliveries())).toEqual(["c", "a"]);
      expect(each.waitingDeliveries("w1")).toBe(3);
      expect(each.deliveries({ webhookId: "w1" }, 9, null)[1]).toMatchObject({
        id: "b",
        dueMs: 30,
        tries: [attempted],
      });
    }
  },

  "given up are those of one webhook that wait": (subject) => {
    const { store } = subject;
    store.saveWebhook(hook);
    store.saveWebhook({ ...hook, id: "w2", name: "other" });
    const done: Delivery = { ...delivery, id: "done", dueMs: null, outcome: "delivered" };
    const other: Delivery = { ...delivery, id: "other", webhookId: "w2", lane: "webhook w2" };
    commit(store, empty, empty, [], [delivery, done, other]);
    store.giveUpDeliveries("w1");
    for (const each of nowAndNext(subject)) {
      expect(each.deliveries({ webhookId: "w1" }, 9, null).map(({ outcome }) => outcome)).toEqual([
        "given-up",
        "delivered",
      ]);
      expect(idsOf(each.firstDeliveries())).toEqual(["other"]);
    }
  },

  "a webhook that is removed takes its deliveries along, and gets no more": (subject) => {
    const { store } = subject;
    store.saveWebhook(hook);
    commit(store, empty, empty, [], [delivery]);
    store.removeWebhook("w1");
    store.saveDelivery(delivery);
    commit(store, empty, empty, [], [{ ...delivery, id: "late" }]);
    for (const each of nowAndNext(subject)) {
      expect(each.webhooks()).toEqual([]);
      expect([ofHook(each), each.firstDeliveries()]).toEqual([[], []]);
    }
  },

  "old deliveries go once they have ended, and so do those beyond the newest; those that wait stay": (subject) => {
    const { store } = subject;
    store.saveWebhook(hook);
    const made = (id: string, day: number, dueMs: number | null = null): Delivery => {
      return {
        ...delivery,
        id,
        dueMs,
        at: `2026-01-0${day}T00:00:00.000Z`,
        outcome: dueMs === null ? "delivered" : null,
      };
    };
    commit(store, empty, empty, [], [made("old", 1), made("waits", 1, 5), made("a", 3), made("b", 3), made("c", 3)]);
    store.sweepDeliveries("2026-01-02T00:00:00.000Z", 3);
    expect(ofHook(store)).toEqual(["waits", "a", "b", "c"]);
    store.sweepDeliveries("2026-01-02T00:00:00.000Z", 2);
    for (const each of nowAndNext(subject)) {
      expect(ofHook(each)).toEqual(["waits", "b", "c"]);
      expect(idsOf(each.deliveries({ webhookId: "w1" }, 1, null))).toEqual(["c"]);
      expect(idsOf(each.deliveries({ webhookId: "w1" }, 1, "c"))).toEqual(["b"]);
      expect(idsOf(each.deliveries({ webhookId: "w1" }, 9, "b"))).toEqual(["waits"]);
      expect(each.deliveries({ webhookId: "w1" }, 9, "old")).toEqual([]);
    }
  },
};
