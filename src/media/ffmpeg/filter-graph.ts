// The one writer of filter graphs. Every value is escaped here, and the types take no other text, so that nothing in a
// task or a request can end its filter, open another one or set an option of its own. Pure.
// Source: ffmpeg-filters, "Notes on filtergraph escaping" (two levels) and "Filtergraph syntax".

declare const written: unique symbol;

/** One filter, or several separated by commas, as ffmpeg reads them. */
export type FilterText = string & { readonly [written]: "filter" };
/** Whole chains with their labels. */
export type GraphText = string & { readonly [written]: "graph" };

const NAME = /^[A-Za-z0-9_]{1,80}$/;
const KEY = /^[\w-]{1,80}$/;
/** A stream of an input ("0:3", "0:V:0") or a name of our own. */
const LABEL = /^[A-Za-z0-9_:]{1,80}$/;

/** Errors: a bug where a name is no name; whatever arrives is checked long before this. */
function checked(text: string, pattern: RegExp): string {
  if (!pattern.test(text) || text.includes("\n"))
    throw new Error(`not a name in a filter graph: ${JSON.stringify(text)}`);
  return text;
}

/** Every option by its name. `options`: values as the filter is to see them. */
export function writeFilter(name: string, options: readonly (readonly [key: string, value: string | number])[] = []) {
  const args = options.map(([key, value]) => `${checked(key, KEY)}=${String(value).replace(/[\\':\s]/g, "\\$&")}`);
  const text = args.length === 0 ? "" : `=${args.join(":").replace(/[\\'[\],;\s]/g, "\\$&")}`;
  return `${checked(name, NAME)}${text}` as FilterText;
}

/** One behind the other. */
export function joinFilters(filters: readonly FilterText[]): FilterText {
  return filters.join(",") as FilterText;
}

export interface GraphChain {
  readonly from: readonly string[];
  /** None: the pictures go through as they are. */
  readonly filters: readonly FilterText[];
  readonly to: readonly string[];
}

export function writeGraph(chains: readonly GraphChain[]): GraphText {
  const labels = (names: readonly string[]) => names.map((name) => `[${checked(name, LABEL)}]`).join("");
  const chain = ({ from, filters, to }: GraphChain) => {
    const text = filters.length === 0 ? writeFilter("null") : joinFilters(filters);
    return `${labels(from)}${text}${labels(to)}`;
  };
  return chains.map(chain).join(";") as GraphText;
}

/** Graphs that share their labels. */
export function complexGraph(...graphs: readonly GraphText[]): string[] {
  return ["-filter_complex", graphs.join(";")];
}

/** None: no option. */
export function videoFilters(filters: readonly FilterText[]): string[] {
  return filters.length === 0 ? [] : ["-vf", joinFilters(filters)];
}

/** None: no option. */
export function audioFilters(filters: readonly FilterText[]): string[] {
  return filters.length === 0 ? [] : ["-af", joinFilters(filters)];
}
