// The files that a public forge reads: they parse, their scripts are there, and what they build is what a build makes.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import packageJson from "../../package.json" with { type: "json" };
import { commandLines, complaints } from "../support/command-lines.ts";

const FOLDER = join(import.meta.dir, "../../.github");
const listed = (pattern: string) => [...new Bun.Glob(pattern).scanSync({ cwd: FOLDER })];
const read = async (name: string) => Bun.YAML.parse(await Bun.file(join(FOLDER, name)).text());

const step = z.strictObject({
  name: z.string().optional(),
  uses: z
    .string()
    .regex(/^actions\/[a-z-]+@v\d+$/)
    .optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  run: z.string().optional(),
});
const workflow = z.looseObject({
  permissions: z.object({ contents: z.literal("read") }),
  jobs: z.record(z.string(), z.looseObject({ "runs-on": z.string(), steps: z.array(step).min(1) })),
});

test.each(listed("workflows/*.yml"))(
  "%s: runs scripts that are there, and pastes nothing from outside into a shell",
  async (name) => {
    const { jobs } = workflow.parse(await read(name));
    for (const { run = "" } of Object.values(jobs).flatMap(({ steps }) => steps)) {
      expect(run).not.toContain("${{");
      const scripts = [...run.matchAll(/npm run ([a-z:]+)/g)].map(([, script = ""]) => script);
      expect(scripts.filter((script) => !Object.hasOwn(packageJson.scripts, script))).toEqual([]);
      expect((await Promise.all(commandLines(run).map(complaints))).flat()).toEqual([]);
    }
  },
);

test.each(listed("ISSUE_TEMPLATE/{bug,idea}.yml"))("%s is a form", async (name) => {
  const field = z.looseObject({ type: z.enum(["markdown", "textarea"]), attributes: z.looseObject({}) });
  const form = z.strictObject({
    name: z.string(),
    description: z.string(),
    labels: z.array(z.string()),
    body: z.array(field).min(1),
  });
  const { body } = form.parse(await read(name));
  const said = body.flatMap(({ attributes }) => [...JSON.stringify(attributes).matchAll(/`(ffcluster [^`]+)`/g)]);
  const lines = said.flatMap(([, line = ""]) => commandLines(line));
  expect((await Promise.all(lines.map(complaints))).flat()).toEqual([]);
});

test("CHANGELOG: what is not released comes first, then releases, newest first, and this version is one of them", async () => {
  const text = await Bun.file(join(FOLDER, "../CHANGELOG.md")).text();
  const [first, ...releases] = [...text.matchAll(/^## (.*)$/gm)].map(([, title = ""]) => title);
  expect(first).toBe("[Unreleased]");
  const named = releases.map((title) => /^\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$/.exec(title) ?? [title]);
  expect(named.filter(({ length }) => length === 1)).toEqual([]);
  const versions = named.map(([, version = ""]) => version);
  expect(versions).toEqual(versions.toSorted((one, other) => -Bun.semver.order(one, other)));
  expect(versions).toContain(packageJson.version);
});
