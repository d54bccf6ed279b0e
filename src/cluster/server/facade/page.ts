// One page of a list. The order is that of a key which an item never changes, so a page goes on behind the last one
// whatever was added in between (keyset pagination). Knows nothing of what is listed.

import type { Page, PageWanted } from "../lists.ts";

/** Keys are compared by their UTF-16 units, each item has another. `show` is called for the items of the page alone. */
export function pageOf<T, V>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  show: (item: T) => V,
  { limit, after, isDescending }: PageWanted,
): Page<V> {
  const sign = isDescending ? -1 : 1;
  const compare = (a: string, b: string) => (a === b ? 0 : a < b ? -sign : sign);
  const left: { readonly item: T; readonly key: string }[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (after === null || compare(after, key) < 0) left.push({ item, key });
  }
  left.sort((a, b) => compare(a.key, b.key));
  const page = limit === null ? left : left.slice(0, limit);
  const last = page.length < left.length ? page.at(-1) : undefined;
  return { items: page.map(({ item }) => show(item)), next: last?.key ?? null };
}

/** Of a list that only grows, at its end: the place of an item is its key. */
export function pageInOrder<T>(items: readonly T[], isWanted: (item: T) => boolean, wanted: PageWanted): Page<T> {
  const placed = items.map((item, place) => ({ item, key: String(place).padStart(12, "0") }));
  return pageOf(
    placed.filter(({ item }) => isWanted(item)),
    ({ key }) => key,
    ({ item }) => item,
    wanted,
  );
}

/** Whether one of the names has that part, which is in small letters. */
export function isNamed(part: string, names: readonly (string | undefined)[]): boolean {
  return names.some((name) => name?.toLowerCase().includes(part));
}
