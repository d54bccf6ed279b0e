import { expect, test } from "bun:test";
import fc from "fast-check";
import { pageOf, WHOLE_LIST } from "./lists.ts";

const own = (text: string) => text;

function pages(items: readonly string[], limit: number, isDescending: boolean): string[][] {
  const found: string[][] = [];
  let after: string | null = null;
  do {
    const page: { readonly items: readonly string[]; readonly next: string | null } = pageOf(items, own, own, {
      limit,
      after,
      isDescending,
    });
    found.push([...page.items]);
    after = page.next;
  } while (after !== null);
  return found;
}

test("pages are the whole list in its order, each item once, and only the last may be short", () => {
  const lists = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 });
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 9 }), fc.boolean(), (items, limit, isDescending) => {
      const sorted = [...items].sort();
      const found = pages(items, limit, isDescending);
      expect(found.flat()).toEqual(isDescending ? sorted.reverse() : sorted);
      expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
    }),
  );
});

test("a page goes on behind an item that has gone, and shows what came behind it", () => {
  const rest = pageOf(["a", "c", "d"], own, own, { ...WHOLE_LIST, limit: 1, after: "b" });
  expect(rest).toEqual({ items: ["c"], next: "c" });
});

test("only what is on the page is shown", () => {
  const shown: string[] = [];
  pageOf(["c", "a", "b"], own, (item) => shown.push(item), { ...WHOLE_LIST, limit: 2 });
  expect(shown).toEqual(["a", "b"]);
});
