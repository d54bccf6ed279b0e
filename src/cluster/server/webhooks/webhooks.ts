// The webhooks of the server: how they are made, named, listed and removed, and how one is switched off. Knows nothing of how
// deliveries travel.
import { AppError } from "../../../base/errors.ts";
import { newId } from "../../../base/ids.ts";
import type { Log } from "../../../base/log.ts";
import { KEY_KEPT_MS, type KeyedRequest, usedForAnother } from "../access/idempotency-keys.ts";
import { type CreatedWebhookView, DEFAULT_EVENTS, type WebhookView } from "../webhook-views.ts";
import { hostOf, leadsToPrivateAddress, parseTarget, targetOf } from "./addresses.ts";
import type { NewJobWebhook, NewWebhook } from "./calls.ts";
import type { JobWebhook, WebhookMadeWith, WebhookRecord, WebhookStore } from "./records.ts";
import { makeSecret, secretBytes } from "./sign.ts";

const MOST_WEBHOOKS = 100;

/** Errors: E_MALFORMED. */
function requireSecret(secret: string | null): void {
  if (secret === null || secretBytes(secret) !== null) return;
  const hint = "Give whsec_ and 24 to 64 random bytes in base64, as `openssl rand -base64 32` makes them.";
  throw new AppError("E_MALFORMED", "the webhook's secret is not of its form", hint);
}

/**
 * A job's webhook as its record keeps it. `isTrusted`: it may lead anywhere.
 * Errors: E_MALFORMED; E_FORBIDDEN for an address that is plainly not public.
 */
export function jobWebhookOf({ url, events, format, secret }: NewJobWebhook, isTrusted: boolean): JobWebhook {
  const parsed = parseTarget(url);
  requireSecret(secret);
  if (!isTrusted && leadsToPrivateAddress(parsed)) {
    const hint = "An admin may give such a webhook, or start the server with --allow-private-webhooks.";
    throw new AppError("E_FORBIDDEN", `a job's webhook may not lead to ${hostOf(parsed)}, which is not public`, hint);
  }
  return { url: parsed.href, events: events ?? DEFAULT_EVENTS, format, secret, isTrusted };
}

export class Webhooks {
  readonly #store: WebhookStore;
  readonly #now: () => string;
  readonly #log: Log;
  readonly #byId = new Map<string, WebhookRecord>();

  /** `now`: wall time, ISO 8601 in UTC. */
  constructor(store: WebhookStore, now: () => string, log: Log) {
    this.#store = store;
    this.#now = now;
    this.#log = log;
    for (const record of store.webhooks()) this.#byId.set(record.id, record);
  }

  /** Those that are on. */
  live(): WebhookRecord[] {
    return [...this.#byId.values()].filter(({ off }) => off === null);
  }

  byId(id: string): WebhookRecord | undefined {
    return this.#byId.get(id);
  }

  list(): WebhookView[] {
    return [...this.#byId.values()].map((record) => this.view(record));
  }

  view(record: WebhookRecord): WebhookView {
    const { id, name, url, format, events, secret, createdAt, failingSince, off } = record;
    return {
      webhook_id: id,
      name,
      target: targetOf(url),
      format,
      events,
      signed: secret !== null,
      created_at: createdAt,
      failing_since: failingSince,
      off,
      waiting: this.#store.waitingDeliveries(id),
    };
  }

  /** Errors: E_NOT_FOUND. */
  find(name: string): WebhookRecord {
    const found = [...this.#byId.values()].find((record) => record.name === name);
    if (found !== undefined) return found;
    throw new AppError(
      "E_NOT_FOUND",
      `there is no webhook named ${name}`,
      "`ffcluster webhooks list` shows the names.",
    );
  }

  #isTaken(name: string): boolean {
    return [...this.#byId.values()].some((record) => record.name === name);
  }

  /** `hooks.slack.com`, and the second of that host `hooks.slack.com-2`. */
  #nameFor(host: string): string {
    const base =
      host
        .replace(/[^A-Za-z0-9.-]/g, "-")
        .replace(/^[^A-Za-z0-9]+/, "")
        .slice(0, 50) || "webhook";
    let name = base;
    for (let number = 2; this.#isTaken(name); number++) name = `${base}-${number}`;
    return name;
  }

  /** Errors: E_MALFORMED, E_WRONG_STATE, E_BUSY. */
  create(
    { name, url, events, format, secret: given }: NewWebhook,
    key: Omit<WebhookMadeWith, "tellsSecret"> | null = null,
  ): CreatedWebhookView {
    const parsed = parseTarget(url);
    requireSecret(given);
    if (this.#byId.size >= MOST_WEBHOOKS) {
      throw new AppError("E_BUSY", `there are ${MOST_WEBHOOKS} webhooks`, "Remove some that are not used any more.");
    }
    if (name !== null && this.#isTaken(name)) {
      const hint = `Choose another name, or \`ffcluster webhooks remove ${name}\`.`;
      throw new AppError("E_WRONG_STATE", `there is a webhook named ${name}`, hint);
    }
    // Services with a format of their own check no signature.
    const secret = given ?? (format === "standard" ? makeSecret() : null);
    const about = { name: name ?? this.#nameFor(hostOf(parsed)), url: parsed.href, format, secret };
    const times = { createdAt: this.#now(), failingSince: null, off: null };
    const made = key === null ? {} : { made: { ...key, tellsSecret: given === null } };
    const record = this.#save({ id: newId(), ...about, events: events ?? DEFAULT_EVENTS, ...times, ...made });
    return { ...this.view(record), secret: given === null ? secret : null };
  }

  /** Errors: those of create, and E_IDEMPOTENCY_KEY. */
  createOnce(wanted: NewWebhook, by: string, { key, requestSha256 }: KeyedRequest) {
    const record = [...this.#byId.values()].find(({ made }) => made?.by === by && made.key === key);
    const isOld = record !== undefined && Date.parse(this.#now()) - Date.parse(record.createdAt) > KEY_KEPT_MS;
    if (record?.made === undefined || isOld)
      return { webhook: this.create(wanted, { by, key, requestSha256 }), isNew: true };
    if (record.made.requestSha256 !== requestSha256) throw usedForAnother(key, "webhook");
    const secret = record.made.tellsSecret ? record.secret : null;
    return { webhook: { ...this.view(record), secret }, isNew: false };
  }

  #save(record: WebhookRecord): WebhookRecord {
    this.#store.saveWebhook(record);
    this.#byId.set(record.id, record);
    return record;
  }

  /** Errors: E_NOT_FOUND. */
  remove(name: string): WebhookView {
    const record = this.find(name);
    const view = this.view(record);
    this.#store.removeWebhook(record.id);
    this.#byId.delete(record.id);
    return view;
  }

  /** A delivery got through. `mayStart`: also one that is off is on from now on. */
  worked(id: string, mayStart = false): void {
    const record = this.#byId.get(id);
    if (record === undefined || (record.failingSince === null && record.off === null)) return;
    if (record.off === null || mayStart) this.#save({ ...record, failingSince: null, off: null });
  }

  /** A delivery did not get through, with a try that began at `at`. */
  failed(id: string, at: string): void {
    const record = this.#byId.get(id);
    if (record?.failingSince === null) this.#save({ ...record, failingSince: at });
  }

  /** Gives up what waits, too. */
  switchOff(id: string, why: string): void {
    const record = this.#byId.get(id);
    if (record === undefined || record.off !== null) return;
    this.#store.giveUpDeliveries(id);
    this.#save({ ...record, off: why });
    const { name, url } = record;
    this.#log.warn(
      `the webhook ${name} (${targetOf(url)}) is switched off: ${why}; \`ffcluster webhooks test ${name}\` switches it on again once it works`,
    );
  }
}
