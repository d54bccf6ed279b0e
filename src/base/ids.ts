// Identifiers: lowercase UUIDs, shortened to any unique prefix wherever a person types one.
import { AppError } from "./errors.ts";

export function newId(): string {
  return crypto.randomUUID();
}

/**
 * Finds the one id that starts with `prefix` (case-insensitive).
 * Errors: E_UNKNOWN_ID when none does, E_AMBIGUOUS_ID when several do. `what` is "job" or "client".
 */
export function resolveIdPrefix(prefix: string, ids: Iterable<string>, what: string): string {
  const wanted = prefix.toLowerCase();
  const matches: string[] = [];
  for (const id of ids) {
    if (id === wanted) return id;
    if (wanted !== "" && id.startsWith(wanted)) matches.push(id);
  }
  const [only] = matches;
  if (only === undefined) {
    throw new AppError("E_UNKNOWN_ID", `no ${what} with id ${prefix}`, `\`ffcluster ${what}s list\` shows the ids.`);
  }
  if (matches.length > 1) {
    throw new AppError(
      "E_AMBIGUOUS_ID",
      `${matches.length} ${what}s start with ${prefix}`,
      "Give more characters of the id.",
    );
  }
  return only;
}
