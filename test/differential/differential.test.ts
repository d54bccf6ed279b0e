// Twenty files that nobody thought of, from fixed seeds, and every one that once came out wrong: each held against plain
// ffmpeg. `npm run test:differential` runs as many more as one likes.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Lab } from "./lab.ts";
import type { Recipe } from "./recipe.ts";
import { fitted, recipeOf } from "./recipes.ts";

/** Chosen so that every container and most edits are met, and that ffmpeg can make each file. */
const SEEDS = [2, 3, 4, 5, 7, 8, 10, 11, 13, 17, 19, 25, 28, 29, 30, 33, 35, 40, 41, 44];
const FOUND = join(import.meta.dir, "found");
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

test("files that once came out wrong", async () => {
  const names = (await readdir(FOUND)).filter((name) => name.endsWith(".json")).sort();
  const cases = await Promise.all(
    names.map(async (name) => {
      const { recipe } = JSON.parse(await readFile(join(FOUND, name), "utf8")) as { readonly recipe: Recipe };
      return { name, recipe };
    }),
  );
  expect(await failuresOf(cases)).toEqual([]);
}, 600_000);

test("a recipe that fits its container fits it still", () => {
  for (let seed = 0; seed < 200; seed += 1) expect(fitted(recipeOf(seed))).toEqual(recipeOf(seed));
});
