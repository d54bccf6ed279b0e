// Identifiers: lowercase UUIDs, shortened to any unique prefix wherever a person types one, or replaced by a name.
import { AppError } from "./errors.ts";

export function newId(): string {
  return crypto.randomUUID();
}

/** What a person may mean. */
export interface Named {
  readonly id: string;
  readonly names: readonly string[];
}

/** Ids in an error of several matches. */
const IDS_SHOWN = 3;

/**
 * Finds the one with this id, else the one with this name, else the one whose id starts so (ids in any case).
 * Errors: E_UNKNOWN_ID when there is none, E_AMBIGUOUS_ID when there are several. `what` is "job" or "client".
 */
export function resolveId(given: string, known: Iterable<Named>, what: "job" | "client"): string {
  const prefix = given.toLowerCase();
  const named: string[] = [];
  const begun: string[] = [];
  for (const { id, names } of known) {
    if (id === prefix) return id;
    if (names.includes(given)) named.push(id);
    if (prefix !== "" && id.startsWith(prefix)) begun.push(id);
  }
  const matches = named.length > 0 ? named : begun;
  const [first] = matches;
  if (first === undefined) {
    const message = `no ${what} with id or name ${given}`;
    throw new AppError("E_UNKNOWN_ID", message, `\`ffcluster ${what}s list\` shows them.`);
  }
  if (matches.length === 1) return first;
  const message =
    named.length > 0 ? `${named.length} ${what}s are called ${given}` : `${begun.length} ${what}s start with ${given}`;
  throw new AppError("E_AMBIGUOUS_ID", message, `Give ${fewOf(matches)}.`);
}

function fewOf(ids: readonly string[]): string {
  const shown = ids.slice(-IDS_SHOWN).map((id) => id.slice(0, 8));
  return `the id: ${shown.join(", ")}${ids.length > IDS_SHOWN ? ", …" : ""}`;
}
