// ffprobe's "compact" lines: a section each, its fields by name. Knows nothing of what the fields mean.

/** `-of` for it. */
export const COMPACT_LINES_FORMAT = "compact=nk=0";

/** `packet|pts=0|…`: the section's name is a key of its own. */
export function compactFields(line: string): ReadonlyMap<string, string> {
  return new Map(
    line.split("|").map((field) => [field.split("=")[0] ?? "", field.slice(field.indexOf("=") + 1)] as const),
  );
}
