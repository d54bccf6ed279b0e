// Takes deliveries out of the store and sends them, each until it gets through or its time is over. What is under way when the
// process dies is sent again by the next one: at least once, under the same id.
import { toAppError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { printable } from "../../../base/printable.ts";
import { VERSION } from "../../../base/version.ts";
import type { DeliveryTry } from "../webhook-views.ts";
import { render } from "./formats.ts";
import type { Posted, Posting } from "./post.ts";
import type { Delivery, Endpoint, WebhookStore } from "./records.ts";
import { signedHeaders } from "./sign.ts";
import { waitBeforeNext } from "./waits.ts";
import type { Webhooks } from "./webhooks.ts";

/** Of the server's webhooks, and again of jobs: those of submitters keep no other waiting. */
const LANES_AT_A_TIME = 8;
const MOST_WAITING = 10_000;
/** The wall clock may be set while it waits. */
const LONGEST_SLEEP_MS = 60_000;
const LONGEST_WAIT_MS = 36 * 3_600_000;
const STORE_AGAIN_MS = 60_000;
const SWEEP_EVERY_MS = 3_600_000;
const KEEP_MS = 30 * 86_400_000;
const KEEP_MOST = 10_000;
const GONE = 410;

export interface DelivererParts {
  readonly store: WebhookStore;
  readonly webhooks: Webhooks;
  /** Null: there is none any more, or it is off. */
  readonly endpointOf: (delivery: Delivery) => (Endpoint & { readonly isGuarded: boolean }) | null;
  readonly post: (posting: Posting, signal: AbortSignal) => Promise<Posted>;
  readonly log: Log;
  /** Wall time. */
  readonly nowMs: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

const isServers = (lane: string) => lane.startsWith("webhook ");
const hasArrived = ({ status }: Pick<Posted, "status">) => status !== null && status >= 200 && status < 300;

export class Deliverer {
  readonly #parts: DelivererParts;
  readonly #busy = new Set<string>();
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #sweeps: ReturnType<typeof setInterval>;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(parts: DelivererParts) {
    this.#parts = parts;
    this.#sweeps = setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
    this.#sweep();
    this.wake();
  }

  /** There may be something to deliver. */
  wake(inMs = 0): void {
    if (this.#stop.signal.aborted) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), Math.min(inMs, LONGEST_SLEEP_MS));
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return;
    const now = this.#parts.nowMs();
    const firsts = this.#try(() => this.#parts.store.firstDeliveries());
    if (firsts === null) return this.wake(STORE_AGAIN_MS);
    for (const delivery of firsts) {
      const waitMs = (delivery.dueMs ?? 0) - now;
      if (this.#busy.has(delivery.lane) || !this.#hasRoom(delivery.lane)) continue; // its end wakes
      if (waitMs > 0 && waitMs < LONGEST_WAIT_MS) return this.wake(waitMs);
      this.#begin(delivery);
    }
  }

  #hasRoom(lane: string): boolean {
    const alike = [...this.#busy].filter((busy) => isServers(busy) === isServers(lane));
    return alike.length < LANES_AT_A_TIME;
  }

  #begin(delivery: Delivery): void {
    const { lane } = delivery;
    this.#busy.add(lane);
    const done = this.#deliver(delivery)
      .then(() => 0)
      .catch((thrown: unknown) => {
        this.#parts.log.error(`a webhook's delivery failed here: ${toAppError(thrown).message}`);
        return STORE_AGAIN_MS;
      })
      .then((waitMs) => {
        this.#underWay.delete(done);
        const free = () => {
          this.#busy.delete(lane);
          this.wake();
        };
        if (waitMs === 0) free();
        else setTimeout(free, waitMs).unref();
      });
    this.#underWay.add(done);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const endpoint = this.#parts.endpointOf(delivery);
    if (endpoint === null) return this.#parts.store.saveDelivery({ ...delivery, dueMs: null, outcome: "given-up" });
    const posted = await this.#send(delivery, endpoint);
    if (this.#stop.signal.aborted && posted.status === null) return; // the next process tries
    this.#settle(delivery, posted);
  }

  async #send(delivery: Delivery, endpoint: Endpoint & { readonly isGuarded: boolean }): Promise<Posted & DeliveryTry> {
    const { url, format, secret, isGuarded } = endpoint;
    const { body, headers } = render(format, delivery.notice);
    const atMs = this.#parts.nowMs();
    const signed = signedHeaders(delivery.id, atMs, body, secret);
    const began = performance.now();
    const all = { ...headers, ...signed, "user-agent": `ffcluster/${VERSION}` };
    const posted = await this.#parts.post({ url, headers: all, body, isGuarded }, this.#stop.signal);
    const answer = posted.answer === null ? null : printable(posted.answer);
    return { ...posted, answer, at: new Date(atMs).toISOString(), ms: Math.round(performance.now() - began) };
  }

  #settle(delivery: Delivery, { retryAfterMs, ...attempt }: Posted & DeliveryTry): void {
    const { store, webhooks, nowMs, random } = this.#parts;
    const tries = [...delivery.tries, attempt];
    const { webhookId } = delivery;
    if (webhookId !== null && webhooks.byId(webhookId) === undefined) return; // it was removed meanwhile
    if (hasArrived(attempt)) {
      store.saveDelivery({ ...delivery, tries, dueMs: null, outcome: "delivered" });
      if (webhookId !== null) webhooks.worked(webhookId);
      return;
    }
    const isOff = webhookId !== null && webhooks.byId(webhookId)?.off !== null;
    const isEnd = attempt.status === GONE || isOff;
    const waitMs = isEnd ? null : waitBeforeNext(tries.length, random(), retryAfterMs);
    const dueMs = waitMs === null ? null : nowMs() + waitMs;
    store.saveDelivery({ ...delivery, tries, dueMs, outcome: dueMs === null ? "given-up" : null });
    if (webhookId !== null) this.#failed(webhookId, attempt, dueMs === null ? (tries[0]?.at ?? null) : null);
  }

  /** `endedSince`: the delivery was given up, and this was its first try. */
  #failed(webhookId: string, { status, at }: DeliveryTry, endedSince: string | null): void {
    const { store, webhooks } = this.#parts;
    webhooks.failed(webhookId, at);
    const since = webhooks.byId(webhookId)?.failingSince ?? null;
    if (status === GONE) webhooks.switchOff(webhookId, "it answered 410 Gone");
    else if (endedSince !== null && since !== null && since <= endedSince) {
      webhooks.switchOff(webhookId, `nothing has got through since ${since}`);
    } else if (store.waitingDeliveries(webhookId) >= MOST_WAITING) {
      webhooks.switchOff(webhookId, `${MOST_WAITING} deliveries wait for it`);
    }
  }

  /** Sends a delivery of its own at once, beside those that wait, and once. */
  async test(delivery: Delivery, endpoint: Endpoint): Promise<Delivery> {
    const { retryAfterMs: _asked, ...attempt } = await this.#send(delivery, { ...endpoint, isGuarded: false });
    const outcome = hasArrived(attempt) ? "delivered" : "given-up";
    const ended: Delivery = { ...delivery, dueMs: null, outcome, tries: [attempt] };
    this.#parts.store.saveDelivery(ended);
    if (delivery.webhookId !== null && outcome === "delivered") this.#parts.webhooks.worked(delivery.webhookId, true);
    return ended;
  }

  #try<T>(ask: () => T): T | null {
    try {
      return ask();
    } catch (thrown) {
      this.#parts.log.error(`deliveries of webhooks cannot be read: ${toAppError(thrown).message}`);
      return null;
    }
  }

  #sweep(): void {
    const before = new Date(this.#parts.nowMs() - KEEP_MS).toISOString();
    this.#try(() => this.#parts.store.sweepDeliveries(before, KEEP_MOST));
  }

  /** Before the store is closed. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#sweeps);
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all(this.#underWay);
  }
}
