// Where a running server listens, and with which certificate.
import type { ServerTls } from "../../base/tls/tls-files.ts";

export interface Bound {
  readonly port: number;
  /** `http://host:port` or `https://host:port`, with the bound address. */
  readonly url: string;
  /** Where this machine may call with plain http although others need TLS; null: nowhere. */
  readonly plainUrl: string | null;
  /** Null: plain http. */
  readonly tls: ServerTls | null;
}
