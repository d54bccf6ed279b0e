// What a failed check throws.

export class Violation extends Error {}

export function fail(words: string): never {
  throw new Violation(words);
}

export function must(holds: boolean, words: () => string): void {
  if (!holds) fail(words());
}
