// docs/FAILURES.md promises a test for each death and fault; each file and each name that it quotes is looked for here.
import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../..");

interface Row {
  readonly what: string;
  readonly tests: string;
}

async function rows(): Promise<Row[]> {
  const page = await readFile(join(ROOT, "docs/FAILURES.md"), "utf8");
  const section = page.split("## What if X dies when Y")[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(1).map((line) => {
    const cells = line.split("|").slice(1, -1);
    return { what: `${cells[0]?.trim()}, ${cells[1]?.trim()}`, tests: cells.at(-1) ?? "" };
  });
}

/** Everything that could hold a test, or the name of an accident, by its path. */
async function sources(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of ["src", "test"]) {
    for (const name of await readdir(join(ROOT, folder), { recursive: true })) {
      if (/\.test\.ts$/.test(name) || name.startsWith("chaos/"))
        found.set(join(folder, name), await readFile(join(ROOT, folder, name), "utf8"));
    }
  }
  return found;
}

test("every row of the table names tests that exist", async () => {
  const all = await rows();
  const files = await sources();
  expect(all.length).toBeGreaterThan(30);
  const missing: string[] = [];
  for (const { what, tests } of all) {
    const named = [...tests.matchAll(/`([\w/.-]+)`|\b(chaos|network|transfers|sim)\b/g)];
    if (named.length === 0) missing.push(`${what}: names no test`);
    for (const [, path, word] of named) {
      const wanted = path === undefined ? `test/${word === "sim" ? "sim" : "chaos"}/` : path.replace(/\.test\.ts$/, "");
      const isCode = path !== undefined && !path.includes("/") && !path.endsWith(".test.ts");
      if (!isCode && ![...files.keys()].some((file) => file.includes(wanted))) missing.push(`${what}: ${wanted}`);
    }
    for (const [, quoted = ""] of tests.matchAll(/"([^"]+)"/g)) {
      const name = quoted.replace("…", "").trim();
      const isThere = [...files.values()].some((text) => text.includes(name));
      if (!isThere) missing.push(`${what}: "${quoted}"`);
    }
  }
  expect(missing).toEqual([]);
});
