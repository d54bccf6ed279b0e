// Gives each source an output of its own: two sources whose outputs would have one name get different ones, and a source
// keeps the name that it was given before. Pure.
import { posix } from "node:path";

/** Disks of Windows and macOS take names that differ only in case or in the form of letters as the same. */
function folded(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

export interface ToName {
  readonly source: string;
  /** Without the dot; it tells sources of one stem apart. */
  readonly sourceExtension: string;
  /** The name that it would have alone. */
  readonly wanted: string;
}

function* candidates({ wanted, sourceExtension }: ToName): Generator<string> {
  yield wanted;
  const extension = posix.extname(wanted);
  const stem = wanted.slice(0, wanted.length - extension.length);
  if (sourceExtension !== "") yield `${stem}.${sourceExtension}${extension}`;
  for (let number = 2; ; number++) yield `${stem} (${number})${extension}`;
}

/**
 * `before`: sources and their outputs from earlier runs. A source keeps its own while that is still one of the names that it
 * may have, and nobody else gets it. Returns the output of each source.
 */
export function assignNames(
  sources: readonly ToName[],
  before: readonly (readonly [source: string, output: string])[],
): ReadonlyMap<string, string> {
  const owners = new Map(before.map(([source, output]) => [folded(output), source]));
  const names = new Map<string, string>();
  for (const each of sources) {
    for (const candidate of candidates(each)) {
      const owner = owners.get(folded(candidate)) ?? each.source;
      if (owner !== each.source) continue;
      owners.set(folded(candidate), each.source);
      names.set(each.source, candidate);
      break;
    }
  }
  return names;
}
