// Files that nobody thought of, from fixed seeds, and those that once came out wrong and are shown by no unit test: each held
// against plain ffmpeg. `npm run test:long` runs all that came out wrong, `npm run test:differential` as many
// made-up ones as one likes.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { IS_LONG } from "../support/long-run.ts";
import { Lab } from "./lab.ts";
import type { Recipe } from "./recipe.ts";
import { fitted, recipeOf } from "./recipes.ts";

/** Chosen so that nearly every container and edit is met by a short file, and that ffmpeg can make each of them. */
const SEEDS = [2, 7, 8, 10, 13, 17, 19, 25, 29, 30, 33, 40, 41, 44, 117, 344, 484, 485, 715, 824];
const FOUND = join(import.meta.dir, "found");
const ROOT = join(import.meta.dir, "../..");
const AT_ONCE = 2;

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.open(null);
}, 120_000);

afterAll(async () => {
  await lab[Symbol.asyncDispose]();
}, 60_000);

interface Case {
  readonly name: string;
  readonly recipe: Recipe;
}

async function failuresOf(cases: readonly Case[]): Promise<string[]> {
  const waiting = [...cases];
  const failures: string[] = [];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { verdict, isFailure, text, path } = await lab.run(next.recipe);
      if (isFailure || verdict === null) failures.push(`${next.name}: ${text} ${path} ${JSON.stringify(next.recipe)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return failures;
}

test(
  `${SEEDS.length} files from fixed seeds`,
  async () => {
    expect(await failuresOf(SEEDS.map((seed) => ({ name: `seed ${seed}`, recipe: recipeOf(seed) })))).toEqual([]);
  },
  SEEDS.length * 120_000,
);

interface Found {
  readonly recipe: Recipe;
  /** The unit test that shows the same mistake; absent: only this file does. */
  readonly shownBy?: string;
}

async function foundCases(): Promise<(Case & Found)[]> {
  const names = (await readdir(FOUND)).filter((name) => name.endsWith(".json")).sort();
  return await Promise.all(
    names.map(async (name) => ({ name, ...(JSON.parse(await readFile(join(FOUND, name), "utf8")) as Found) })),
  );
}

test("files that once came out wrong", async () => {
  const found = await foundCases();
  for (const { name, shownBy } of found) {
    if (shownBy !== undefined)
      expect({ name, isThere: existsSync(join(ROOT, shownBy)) }).toEqual({ name, isThere: true });
  }
  const cases = found.filter(({ shownBy }) => IS_LONG || shownBy === undefined);
  expect(cases.length).toBeGreaterThan(5);
  expect(await failuresOf(cases)).toEqual([]);
}, 600_000);

test("a recipe that fits its container fits it still", () => {
  for (let seed = 0; seed < 200; seed += 1) expect(fitted(recipeOf(seed))).toEqual(recipeOf(seed));
});
