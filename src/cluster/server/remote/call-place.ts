// One request to a remote place: signed where it is a store, redirected where it is a web host, bounded in time, and tried
// again with growing waits where that may help.

import { delay } from "../../../base/clock.ts";
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { createBackoff } from "../../../base/network/backoff.ts";
import { pinnedFetch } from "../../../base/network/pinned-fetch.ts";
import { shownAddress } from "../../../base/network/remote-address.ts";
import type { Places, RemotePlace } from "./places.ts";

export interface PlaceCall {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Added to the place's own. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Path of the file that is the body, where nobody signs it. */
  readonly file?: string;
  /** How much longer than usual the answer may take. */
  readonly patienceMs?: number;
}

export interface CallPolicy {
  /** From the first failure in a row to giving up. */
  readonly giveUpMs: number;
  readonly firstDelayMs: number;
  /** A try ends when no byte comes for this long. */
  readonly stallMs: number;
}

export const DEFAULT_CALL_POLICY: CallPolicy = { giveUpMs: 120_000, firstDelayMs: 300, stallMs: 30_000 };

const LONGEST_DELAY_MS = 10_000;
const MOST_REDIRECTS = 5;

/** Ends a try in which nothing moves. */
export interface StallWatch extends Disposable {
  readonly signal: AbortSignal;
  moved(): void;
}

function watch(stallMs: number, signal: AbortSignal): StallWatch {
  const stall = new AbortController();
  const stalled = () => stall.abort(new Error(`no byte for ${stallMs} ms`));
  let timer = setTimeout(stalled, stallMs);
  return {
    signal: AbortSignal.any([signal, stall.signal]),
    moved() {
      clearTimeout(timer);
      timer = setTimeout(stalled, stallMs);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/** May come right by itself. */
class Passing extends Error {}

async function send(place: RemotePlace, call: PlaceCall, signal: AbortSignal): Promise<Response> {
  const url = new URL(place.url);
  for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
  const { method, body } = call;
  if (place.signer === null)
    return await pinnedFetch(url, place.trust, {
      ...{ method, headers: call.headers ?? {}, signal },
      body: call.file === undefined ? (body ?? null) : Bun.file(call.file),
    });
  const signed = await place.signer.sign(url.href, {
    method,
    headers: { ...call.headers, "x-amz-content-sha256": sha256Of(body ?? "") },
  });
  const headers = Object.fromEntries(signed.headers);
  return await pinnedFetch(url, place.trust, { method, headers, body: body ?? null, signal });
}

/** Follows redirects of web hosts; each is checked like the first. */
async function sendOn(places: Places, place: RemotePlace, call: PlaceCall, signal: AbortSignal): Promise<Response> {
  let at = place;
  for (let step = 0; ; step++) {
    const answer = await send(at, call, signal);
    const target = answer.headers.get("location");
    if (answer.status < 300 || answer.status > 399 || answer.status === 304 || target === null) return answer;
    await answer.body?.cancel();
    if (place.signer !== null || (call.method !== "GET" && call.method !== "HEAD")) {
      const hint = "Give the address that it leads to; for a store, check its endpoint and region.";
      throw new AppError("E_STORE", `${place.shown} redirects the request`, hint);
    }
    if (step >= MOST_REDIRECTS)
      throw new AppError("E_STORE", `${place.shown} redirects without an end`, "Check the address in a browser.");
    const url = URL.parse(target, at.url.href);
    if (url === null) throw new AppError("E_STORE", `${place.shown} redirects to no address`, "Check the address.");
    at = { ...at, url, trust: places.trustOf(url) };
  }
}

/** What a failure says, without the query of an address, which may be a secret. */
function plain(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/https?:\/\/[^\s"')]+/g, shownAddress);
}

/**
 * `take` gets each answer that is not a passing failure (5xx, 408, 429), and says with `moved` that bytes come; what it throws
 * as AppError ends the call, any other error of it is tried again.
 * Errors: those of `take`; E_STORE when nothing helps; E_FORBIDDEN; the abort reason as it is.
 */
export async function callPlace<T>(
  { places, policy, signal }: { readonly places: Places; readonly policy: CallPolicy; readonly signal: AbortSignal },
  place: RemotePlace,
  call: PlaceCall,
  take: (answer: Response, moved: () => void) => Promise<T>,
): Promise<T> {
  const backoff = createBackoff(policy.firstDelayMs, LONGEST_DELAY_MS);
  const since = performance.now();
  for (;;) {
    using stall = watch(policy.stallMs + (call.patienceMs ?? 0), signal);
    try {
      const answer = await sendOn(places, place, call, stall.signal);
      stall.moved();
      if (answer.status >= 500 || answer.status === 408 || answer.status === 429) {
        await answer.body?.cancel();
        throw new Passing(`it answered ${answer.status}`);
      }
      return await take(answer, stall.moved);
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof AppError) throw thrown;
      if (performance.now() - since >= policy.giveUpMs) {
        const seconds = Math.round(policy.giveUpMs / 1000);
        const hint =
          "Check that the server can reach it, then try again; `ffcluster jobs retry` continues a failed job.";
        const message = `${place.shown} could not be used for ${seconds} s: ${plain(thrown)}`;
        throw new AppError("E_STORE", message, hint, { retry: true });
      }
    }
    await delay(backoff.next(), signal);
    signal.throwIfAborted();
  }
}
