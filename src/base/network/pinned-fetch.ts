// One HTTP request to a host whose address was looked at first: the name is resolved once, and the connection goes to just
// that address, so that a name can't lead elsewhere between the look and the call. Follows no redirect and unpacks nothing.
import { lookup } from "node:dns/promises";
import { AppError } from "../errors.ts";
import { isPublicAddress } from "./public-address.ts";

/** What a host may be, and how it is trusted. */
export interface HostTrust {
  /** Addresses of this machine and its network too. */
  readonly mayBePrivate: boolean;
  /** Certificates (PEM) that are trusted instead of the system's; null: the system's. */
  readonly ca: string | null;
}

export interface PinnedCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | Blob | string | null;
  readonly signal: AbortSignal;
}

/** An address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** Errors: E_FORBIDDEN for a host with a private address. */
export async function addressesOf(url: URL, trust: HostTrust): Promise<string[]> {
  const host = hostOf(url);
  const found = await lookup(host, { all: true });
  const addresses = found.map(({ address }) => address);
  // All of them: which one is taken is chance.
  if (trust.mayBePrivate || addresses.every(isPublicAddress)) return addresses;
  const hint = "Name a host of the internet, or ask the server's operator to allow this one (docs/guides/stores.md).";
  throw new AppError("E_FORBIDDEN", `${host} is an address of the server's own network`, hint);
}

/** Errors: those of addressesOf; network errors as they are. */
export async function pinnedFetch(url: URL, trust: HostTrust, call: PinnedCall): Promise<Response> {
  const addresses = await addressesOf(url, trust);
  let failure: unknown = new Error(`${hostOf(url)} has no address`);
  // A host of two families may be reached by one of them alone.
  for (const address of addresses.slice(0, 3)) {
    try {
      return await fetchAt(address, url, trust, call);
    } catch (thrown) {
      call.signal.throwIfAborted();
      failure = thrown;
    }
  }
  throw failure;
}

async function fetchAt(address: string, url: URL, { ca }: HostTrust, call: PinnedCall): Promise<Response> {
  const target = new URL(url);
  const isName = address !== hostOf(url);
  target.hostname = address.includes(":") ? `[${address}]` : address;
  return await fetch(target, {
    method: call.method,
    headers: { ...call.headers, host: url.host, "accept-encoding": "identity" },
    body: call.body ?? null,
    redirect: "manual",
    signal: call.signal,
    tls: { ...(isName ? { serverName: hostOf(url) } : {}), ...(ca === null ? {} : { ca }) },
  });
}
