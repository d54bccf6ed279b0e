// `npm run test:differential -- --seed S --count N`: so many made-up files in a row, each held against plain ffmpeg.
// Prints each failure with its seed and recipe, and a table of what became of all. docs/TESTING.md tells the options.
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import fc from "fast-check";
import { Lab, type Outcome } from "./lab.ts";
import type { Recipe } from "./recipe.ts";
import { recipe as anyRecipe, recipeOf } from "./recipes.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "20" },
    "at-once": { type: "string", default: "2" },
    ffmpegs: { type: "string" },
    version: { type: "string" },
    recipe: { type: "string", multiple: true },
    all: { type: "boolean", default: false },
    found: { type: "boolean", default: false },
    keep: { type: "string" },
    shrink: { type: "boolean", default: false },
  },
});

/** At most so many runs to shrink one failure; each costs what a seed costs. */
const SHRINK_RUNS = 60;

const write = (line: string) => process.stderr.write(`${line}\n`);

interface Case {
  readonly name: string;
  readonly recipe: Recipe;
}

async function caseOf(path: string): Promise<Case> {
  const told = JSON.parse(await readFile(path, "utf8")) as { readonly recipe: Recipe };
  return { name: basename(path, ".json"), recipe: told.recipe };
}

async function cases(): Promise<Case[]> {
  if (values.recipe !== undefined) {
    return await Promise.all(values.recipe.map(caseOf));
  }
  if (values.found) {
    const folder = join(import.meta.dir, "found");
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
    return await Promise.all(names.map(async (name) => await caseOf(join(folder, name))));
  }
  const [first, count] = [Number(values.seed), Number(values.count)];
  return Array.from({ length: count }, (_, number) => ({
    name: `seed ${first + number}`,
    recipe: recipeOf(first + number),
  }));
}

async function keep(folder: string, name: string, recipe: Recipe, outcome: Outcome): Promise<void> {
  await mkdir(folder, { recursive: true });
  const base = join(folder, name.replaceAll(" ", "-"));
  const told = { verdict: outcome.text, params: outcome.params, recipe };
  await writeFile(`${base}.json`, `${JSON.stringify(told, null, 2)}\n`);
  if (outcome.path !== "") await copyFile(outcome.path, `${base}${extname(outcome.path)}`);
}

/** The smallest recipe that still fails, found by fast-check from the seed. */
async function shrunk(lab: Lab, seed: number): Promise<void> {
  let runs = 0;
  let smallest: Recipe | null = null;
  const fails = async (recipe: Recipe) => {
    runs += 1;
    if (runs > SHRINK_RUNS) return false;
    const { isFailure } = await lab.run(recipe);
    if (isFailure) smallest = recipe;
    return isFailure;
  };
  const property = fc.asyncProperty(anyRecipe, async (recipe) => !(await fails(recipe)));
  await fc.check(property, { seed, numRuns: 1 });
  write(`  shrunk in ${Math.min(runs, SHRINK_RUNS)} runs: ${JSON.stringify(smallest)}`);
}

async function one(lab: Lab, { name, recipe }: Case): Promise<Outcome> {
  const outcome = await lab.run(recipe);
  const { isFailure, seconds, text, params, path } = outcome;
  if (values.all) write(`${name}  ${seconds.toFixed(1)} s  ${recipe.container}  ${text.slice(0, 160)}`);
  if (!isFailure) return outcome;
  write(`${name}  ${seconds.toFixed(1)} s  ${text}`);
  write(`  ${recipe.container}  ${params}  → ${recipe.request.container}\n  ${JSON.stringify(recipe)}`);
  if (values.keep !== undefined) await keep(values.keep, name, recipe, outcome);
  else write(`  ${path}`);
  if (values.shrink && name.startsWith("seed ")) await shrunk(lab, Number(name.slice(5)));
  return outcome;
}

function table(outcomes: readonly Outcome[]): string[] {
  const counts = new Map<string, number>();
  for (const { verdict, text, isFailure } of outcomes) {
    const reason = text.replaceAll(/\/\S+|\d+(\.\d+)?/g, "…").slice(0, 110);
    const kind = verdict === null ? "impossible" : verdict.kind === "exact" ? "exact" : reason;
    const line = `${isFailure ? "FAILURE " : "        "}${kind}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([line, count]) => `${String(count).padStart(5)}  ${line}`);
}

const folder =
  values.version === undefined ? null : resolve(values.ffmpegs ?? process.env.FFCLUSTER_FFMPEGS ?? ".", values.version);
const waiting = await cases();
const outcomes: Outcome[] = [];
{
  await using lab = await Lab.open(folder);
  write(`differential: ffmpeg ${lab.version}, ${waiting.length} files, from seed ${values.seed}`);
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) outcomes.push(await one(lab, next));
  };
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, lane));
}
const failures = outcomes.filter(({ isFailure }) => isFailure).length;
write(`\n${table(outcomes).join("\n")}\n${outcomes.length} files, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;
