// Which addresses a webhook may lead to. A submitter's must not make the server knock at doors that the submitter can't reach:
// loopback, private networks, a cloud's metadata.
import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { AppError } from "../../../base/errors.ts";
import { isPublicAddress } from "../../../base/network/public-address.ts";

const LONGEST_URL = 2000;

/** The code of an address that is refused when the connection is made. */
export const REFUSED_ADDRESS = "ERR_PRIVATE_ADDRESS";

function refused(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no public address`), { code: REFUSED_ADDRESS });
}

/** A lookup whose answers are public addresses alone: the connection is made to just these. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] = []) => {
    if (error !== null) return callback(error, [], 0);
    const open = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = open;
    if (first === undefined) return callback(refused(hostname), [], 0);
    if (options.all === true) callback(null, open);
    else callback(null, first.address, first.family);
  });
};

/** The host of a URL as an address is written without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** An address that stands in the URL itself is not looked up, so it is looked at here. */
export function leadsToPrivateAddress(url: URL): boolean {
  const host = hostOf(url);
  if (ipaddr.isValid(host)) return !isPublicAddress(host);
  return /(^|\.)localhost\.?$/.test(host);
}

/** Errors: E_MALFORMED for what is no address of a webhook. */
export function parseTarget(text: string): URL {
  const refuse = (what: string, hint: string) => new AppError("E_MALFORMED", `the webhook's URL ${what}`, hint);
  const url = text.length > LONGEST_URL ? null : URL.parse(text);
  const example = "Give one like https://example.com/hook.";
  if (url === null) throw refuse("is none", example);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refuse("is neither https nor http", example);
  if (url.username !== "" || url.password !== "") {
    throw refuse("holds a user or password", "Put a secret into its path or query, which answers do not show.");
  }
  return url;
}

/** What people may see of it: the rest may be a secret. */
export function targetOf(text: string): string {
  const url = new URL(text);
  const hasMore = url.pathname !== "/" || url.search !== "";
  return url.origin + (hasMore ? "/…" : "");
}
