// Reads a filter graph back, by rules of its own, and names what is not on the lists of what a graph may hold.
import { ALLOWED_FILTERS } from "../../src/media/request/filters/filter-list.ts";

/** Filters that the project itself writes, beside those of a request. */
export const OWN: Readonly<Record<string, readonly string[]>> = {
  split: ["outputs"],
  trim: ["start_pts", "end_pts", "start_frame", "end_frame"],
  select: ["expr"],
  settb: ["expr"],
  setpts: ["expr"],
  tpad: ["stop", "stop_mode"],
  hwupload: [],
  setparams: ["chroma_location"],
};

/** Text up to one of the characters that end it, by the rules of av_get_token. */
function token(text: string, at: number, ends: string): [value: string, next: number] {
  let value = "";
  let next = at;
  while (next < text.length && !ends.includes(text.charAt(next))) {
    const char = text.charAt(next++);
    if (char === "\\") value += text.charAt(next++);
    else if (char === "'") {
      const end = text.indexOf("'", next);
      value += text.slice(next, end);
      next = end + 1;
    } else value += char;
  }
  return [value, next];
}

/** Names and options of a graph, in order: "[label]" is left out. */
export function readBack(graph: string): { name: string; keys: string[] }[] {
  const found: { name: string; keys: string[] }[] = [];
  for (let at = 0; at < graph.length; ) {
    if (graph.charAt(at) === "[") at = graph.indexOf("]", at) + 1;
    else if (",;".includes(graph.charAt(at))) at += 1;
    else {
      const [name, behind] = token(graph, at, "=,;[");
      const [args, next] = graph.charAt(behind) === "=" ? token(graph, behind + 1, ",;[]") : ["", behind];
      const keys: string[] = [];
      for (let part = 0; args !== "" && part < args.length; ) {
        const equals = args.indexOf("=", part);
        keys.push(args.slice(part, equals));
        part = token(args, equals + 1, ":")[1] + 1;
      }
      found.push({ name, keys });
      at = next;
    }
  }
  return found;
}

/** Filters and options that neither a request may name nor the project itself writes. */
export function offList(graph: string): string[] {
  return readBack(graph).flatMap(({ name, keys }) => {
    const spec = ALLOWED_FILTERS.get(name);
    if (spec === undefined && OWN[name] === undefined) return [name];
    const taken = spec?.options.flatMap((each) => (each.value === "refused" ? [] : [each.name])) ?? [];
    const all = [...taken, ...(spec?.timeline === true ? ["enable"] : []), ...(OWN[name] ?? [])];
    return keys.filter((key) => !all.includes(key)).map((key) => `${name}=${key}`);
  });
}
