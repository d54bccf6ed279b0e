// The part of the Store in memory that keeps webhooks and their deliveries.
import type { DeliveriesOf, Delivery, WebhookRecord, WebhookStore } from "../../src/cluster/server/webhooks/records.ts";

export interface WebhookContent {
  readonly webhooks: ReadonlyMap<string, WebhookRecord>;
  /** In the order in which they were added. */
  readonly deliveries: ReadonlyMap<string, Delivery>;
}

export const NO_WEBHOOKS: WebhookContent = { webhooks: new Map(), deliveries: new Map() };

/** With `added` in their places: those that are there already keep theirs, and those of webhooks that are gone are left out. */
export function withDeliveries(content: WebhookContent, added: readonly Delivery[]): WebhookContent["deliveries"] {
  const deliveries = new Map(content.deliveries);
  for (const delivery of added) {
    const { webhookId } = delivery;
    if (webhookId === null || content.webhooks.has(webhookId)) deliveries.set(delivery.id, structuredClone(delivery));
  }
  return deliveries;
}

export class MemoryWebhooks implements WebhookStore {
  readonly #disk: { content: WebhookContent };

  constructor(disk: { content: WebhookContent }) {
    this.#disk = disk;
  }

  #change(change: Partial<WebhookContent>): void {
    this.#disk.content = { ...this.#disk.content, ...change };
  }

  #all(): Delivery[] {
    return [...this.#disk.content.deliveries.values()];
  }

  webhooks(): WebhookRecord[] {
    return [...this.#disk.content.webhooks.values()];
  }

  saveWebhook(record: WebhookRecord): void {
    this.#change({ webhooks: new Map(this.#disk.content.webhooks).set(record.id, structuredClone(record)) });
  }

  removeWebhook(id: string): void {
    const webhooks = this.webhooks().filter((record) => record.id !== id);
    const deliveries = this.#all().filter(({ webhookId }) => webhookId !== id);
    this.#change({
      webhooks: new Map(webhooks.map((record) => [record.id, record])),
      deliveries: new Map(deliveries.map((delivery) => [delivery.id, delivery])),
    });
  }

  firstDeliveries(): Delivery[] {
    const lanes = new Map<string, Delivery>();
    const waiting = this.#all().filter(({ dueMs }) => dueMs !== null);
    const inOrder = waiting.toSorted((a, b) => (a.dueMs ?? 0) - (b.dueMs ?? 0));
    for (const delivery of inOrder) if (!lanes.has(delivery.lane)) lanes.set(delivery.lane, delivery);
    return [...lanes.values()];
  }

  saveDelivery(delivery: Delivery): void {
    this.#change({ deliveries: withDeliveries(this.#disk.content, [delivery]) });
  }

  giveUpDeliveries(webhookId: string): void {
    const waiting = this.#all().filter((each) => each.webhookId === webhookId && each.dueMs !== null);
    for (const delivery of waiting) this.saveDelivery({ ...delivery, dueMs: null, outcome: "given-up" });
  }

  waitingDeliveries(webhookId: string): number {
    return this.#all().filter((each) => each.webhookId === webhookId && each.dueMs !== null).length;
  }

  deliveries(of: DeliveriesOf, limit: number, before: string | null): Delivery[] {
    const isOne = ({ webhookId, jobId }: Delivery) =>
      "webhookId" in of ? webhookId === of.webhookId : jobId === of.ownOfJob && webhookId === null;
    const all = this.#all();
    const end = before === null ? all.length : all.findIndex(({ id }) => id === before);
    const found = all.slice(0, Math.max(0, end)).filter(isOne);
    return found.slice(Math.max(0, found.length - limit));
  }

  sweepDeliveries(before: string, most: number): void {
    const ended = this.#all().filter(({ dueMs }) => dueMs === null);
    const old = new Set(ended.slice(0, Math.max(0, ended.length - most)));
    const kept = this.#all().filter((each) => each.dueMs !== null || (each.at >= before && !old.has(each)));
    this.#change({ deliveries: new Map(kept.map((delivery) => [delivery.id, delivery])) });
  }
}
