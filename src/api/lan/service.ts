// What servers say of themselves on the local network by mDNS (RFC 6762, 6763). Nobody there can be believed: this is where to
// knock, never whom to trust.
import { networkInterfaces } from "node:os";

/** The kind of service. */
export const SERVICE = "_ffcluster._tcp.local";

/** IPv4 addresses of this machine on networks that others are on. */
export function lanAddresses(): string[] {
  const entries = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  return entries.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
}
