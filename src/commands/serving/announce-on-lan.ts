// Tells the local network of a server that others on it can reach; nobody hears of one on loopback.

import { lanAddresses } from "../../api/lan/service.ts";
import { isLoopback, isWildcard } from "../../api/server-address.ts";
import type { Log } from "../../base/log.ts";
import type { Bound } from "./bound.ts";

/** Null: there is nobody to tell. */
export async function announceOnLan(
  host: string,
  { port, tls }: Pick<Bound, "port" | "tls">,
  log: Log,
): Promise<{ stop(): Promise<void> } | null> {
  if (isLoopback(host)) return null;
  const addresses = lanAddresses().filter((address) => isWildcard(host) || address === host);
  if (addresses.length === 0) return null;
  const { announceServer } = await import("../../api/lan/announce-server.ts");
  return announceServer({ port, isTls: tls !== null, addresses }, log);
}
