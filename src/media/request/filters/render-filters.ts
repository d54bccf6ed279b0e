// Writes parsed filters as ffmpeg's filter graph text. The inverse of parse-filters.ts.
import { type FilterText, joinFilters, writeFilter } from "../../ffmpeg/filter-graph.ts";
import type { FilterCall } from "../../model/encode-request.ts";

export function renderFilters(calls: readonly FilterCall[]): FilterText {
  return joinFilters(calls.map(renderFilter));
}

export function renderFilter(call: FilterCall): FilterText {
  return writeFilter(call.name, call.options);
}
