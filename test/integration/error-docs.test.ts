// docs/ERRORS.md has every code that a user can meet, once, and no other.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { ERROR_CATALOGUE } from "../../src/base/errors.ts";

test("every error code is explained, and no other", async () => {
  const text = await Bun.file(join(import.meta.dir, "../../docs/ERRORS.md")).text();
  const cells = [...text.matchAll(/^\| (`E_[^|]+) \|/gm)].map(([, cell = ""]) => cell);
  const explained = cells.flatMap((cell) => [...cell.matchAll(/E_[A-Z_]+/g)].map(([code]) => code));
  expect(explained.toSorted()).toEqual(Object.keys(ERROR_CATALOGUE).toSorted());
});
