// Exhaustiveness and invariants: the two ways this code says "this cannot happen".

/** Ends a `switch` over a tagged union; a new variant is then a compile error. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** A broken invariant is a bug, not a user's mistake: it throws a plain Error with a stack. */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${what}`);
}
