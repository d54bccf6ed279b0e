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
const USUAL_SEEDS = [2, 7, 17, 19, 25, 30, 33, 40, 117, 344, 485, 715, 824];
/** They meet nothing that a usual seed or a file of `found/` does not meet: see the last test. */
const MORE_SEEDS = [8, 10, 13, 29, 41, 44, 484];
const SEEDS = [...USUAL_SEEDS, ...(IS_LONG ? MORE_SEEDS : [])];
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

/** What goes wrong in a file, and what is asked of it, by its kind alone. */
function mechanisms({ container, pace, isInterlaced, sounds, subtitles, chapters, change, edits, request }: Recipe) {
  return [
    `${container} is read`,
    `${pace.kind} pace`,
    ...(isInterlaced ? ["fields"] : []),
    ...sounds.flatMap((sound) => (["pause", "changesLayout", "isEmpty"] as const).filter((key) => sound[key])),
    ...(subtitles.length > 0 ? ["subtitles"] : []),
    ...(chapters.length > 0 ? ["chapters"] : []),
    `change of ${change}`,
    ...edits.map((edit) => (edit.kind === "sync-lies" ? `${edit.kind} ${edit.how}` : edit.kind)),
    `filter ${request.filter?.split("=")[0]}`,
    ...(request.rate === null ? [] : ["another rate"]),
    `sound: ${request.sound}`,
    `${request.container} is written`,
  ];
}

test("the usual run meets each mechanism of the long one", async () => {
  const played = (await foundCases()).filter(({ shownBy }) => shownBy === undefined).map(({ recipe }) => recipe);
  const met = new Set([...USUAL_SEEDS.map(recipeOf), ...played].flatMap(mechanisms));
  expect(
    MORE_SEEDS.map(recipeOf)
      .flatMap(mechanisms)
      .filter((mechanism) => !met.has(mechanism)),
  ).toEqual([]);
});

test("a recipe that fits its container fits it still", () => {
  for (let seed = 0; seed < 200; seed += 1) expect(fitted(recipeOf(seed))).toEqual(recipeOf(seed));
});
