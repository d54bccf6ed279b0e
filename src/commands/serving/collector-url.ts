// The address of a collector of traces.
import { BadValue } from "../../base/config/option.ts";

/** Without what an address of a collector can't have. */
export function collectorUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new BadValue("expected the collector's address for OTLP over HTTP, such as http://localhost:4318");
  }
  return url.href;
}
