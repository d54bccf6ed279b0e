// Which addresses anybody may have this machine connect to: none of its own, of its network, or of a cloud's metadata.
import ipaddr from "ipaddr.js";

/** Global unicast, by the registries of RFC 6890; an IPv4 address inside an IPv6 one counts as itself. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  // RFC 4291: of IPv6 only 2000::/3 is given out.
  return !(parsed instanceof ipaddr.IPv6) || (parsed.parts[0] ?? 0) >> 13 === 1;
}
