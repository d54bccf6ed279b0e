// The address under which other machines reach a server that runs here.
import { isLoopback, outwardHost, type ServerAddress } from "../../api/server-address.ts";
import type { ServerTls } from "../../base/tls/tls-files.ts";

/** A pinned certificate counts at any address; another one only at a name that stands in it. */
export function outwardAddress(
  boundHost: string,
  port: number,
  tls: Pick<ServerTls, "names" | "fingerprint"> | null,
): ServerAddress {
  const outward = outwardHost(boundHost);
  if (tls === null || tls.fingerprint !== null || tls.names.includes(outward)) {
    return { isTls: tls !== null, host: outward, port };
  }
  return { isTls: true, host: tls.names.find((each) => !isLoopback(each)) ?? outward, port };
}
