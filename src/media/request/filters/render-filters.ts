// Writes parsed filters as ffmpeg's filter graph text, with every option named and both levels of escaping
// (ffmpeg-filters, "Notes on filtergraph escaping"). The inverse of parse-filters.ts.
import type { FilterCall } from "../../model/encode-request.ts";

export function renderFilters(calls: readonly FilterCall[]): string {
  return calls.map(renderFilter).join(",");
}

export function renderFilter(call: FilterCall): string {
  if (call.options.length === 0) return call.name;
  const args = call.options.map(([key, value]) => `${key}=${value.replace(/[\\':\s]/g, "\\$&")}`).join(":");
  return `${call.name}=${args.replace(/[\\'[\],;\s]/g, "\\$&")}`;
}
