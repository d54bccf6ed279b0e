// Writes parsed filters out as ffmpeg's filter graph text: every option named, both levels of escaping applied
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
