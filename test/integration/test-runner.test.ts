// scripts/test.mjs can fail: each way in which tests can seem to pass without having run is counted as a failure.
// Runs the real runner in a temp tree with a trivial program and one test file per case.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const REPOSITORY = resolve(import.meta.dir, "../..");
const MANIFESTS = ["package.json", "package-lock.json", "tsconfig.json"];
/** What a build needs; the program itself is a trivial one. */
const COPIED = ["scripts", "build.ts", "packaging", "src/base", "src/ffmpeg-install", ...MANIFESTS];
const isNoTest = (path: string) => !path.endsWith(".test.ts");
const HEAD = 'import { expect, test } from "bun:test";\n';

const CASES: Readonly<Record<string, { readonly code: string; readonly exitCode: number; readonly lastLine: string }>> =
  {
    passes: { code: `${HEAD}test("a", () => expect(1).toBe(1));`, exitCode: 0, lastLine: "1 passed, 0 failed" },
    fails: { code: `${HEAD}test("a", () => expect(1).toBe(2));`, exitCode: 1, lastLine: "0 passed, 1 failed" },
    mixed: {
      code: `${HEAD}test("a", () => expect(1).toBe(1)); test.skip("b", () => {}); test.todo("c");`,
      exitCode: 0,
      lastLine: "1 passed, 0 failed",
    },
    skipped: { code: `${HEAD}test.skip("a", () => {});`, exitCode: 1, lastLine: "0 passed, 0 failed" },
    empty: { code: "export {};", exitCode: 1, lastLine: "0 passed, 1 failed" },
    unloadable: { code: 'throw new Error("x");', exitCode: 1, lastLine: "0 passed, 1 failed" },
    exits: { code: `${HEAD}test("a", () => process.exit(0));`, exitCode: 1, lastLine: "0 passed, 1 failed" },
    killed: {
      code: `${HEAD}test("a", () => { process.kill(process.pid, "SIGKILL"); });`,
      exitCode: 1,
      lastLine: "0 passed, 1 failed",
    },
  };

let folder = "";

async function runTests(paths: readonly string[]): Promise<{ exitCode: number; lastLine: string }> {
  const { exitCode, lines } = await runnerOutput(paths);
  return { exitCode, lastLine: lines.at(-1) ?? "" };
}

async function runnerOutput(paths: readonly string[]): Promise<{ exitCode: number; lines: readonly string[] }> {
  const { INIT_CWD: _, ...env } = process.env;
  const runner = Bun.spawn(["node", join(folder, "scripts/test.mjs"), ...paths], {
    cwd: folder,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const stdout = await runner.stdout.text();
  return { exitCode: await runner.exited, lines: stdout.trimEnd().split("\n") };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-runner-"));
  for (const name of COPIED) {
    await cp(join(REPOSITORY, name), join(folder, name), { recursive: true, filter: isNoTest });
  }
  await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"), "junction");
  await Bun.write(join(folder, "src/cli.ts"), "console.log(1);\n");
  for (const [name, { code }] of Object.entries(CASES)) await Bun.write(join(folder, `test/${name}.test.ts`), code);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(Object.entries(CASES))("a file that %s", async (name, { exitCode, lastLine }) => {
  expect(await runTests([`./test/${name}.test.ts`])).toEqual({ exitCode, lastLine });
});

test("what was skipped has a line of its own", async () => {
  expect((await runnerOutput(["./test/mixed.test.ts"])).lines.at(-2)).toBe("2 skipped");
  expect((await runnerOutput(["./test/passes.test.ts"])).lines.at(-2)).not.toMatch(/skipped/);
});

test("a path that names no test", async () => {
  expect(await runTests(["./nothing"])).toEqual({ exitCode: 1, lastLine: "0 passed, 0 failed" });
});

test("an empty file among others is not overlooked", async () => {
  const outcome = await runTests(["./test/passes.test.ts", "./test/empty.test.ts"]);
  expect(outcome).toEqual({ exitCode: 1, lastLine: "1 passed, 1 failed" });
});

test("the media corpus is run when asked for, and then alone", async () => {
  await Bun.write(join(folder, "test/media/one.test.ts"), CASES.passes?.code ?? "");
  const path = "./test/media/one.test.ts";
  expect(await runTests([path])).toEqual({ exitCode: 1, lastLine: "0 passed, 0 failed" });
  expect(await runTests(["--media"])).toEqual({ exitCode: 0, lastLine: "1 passed, 0 failed" });
  expect(await runTests(["--media", "./test/passes.test.ts"])).toEqual({ exitCode: 1, lastLine: "0 passed, 0 failed" });
  await Bun.write(join(folder, "test/platforms/one.test.ts"), CASES.passes?.code ?? "");
  expect(await runTests(["./test/platforms"])).toEqual({ exitCode: 1, lastLine: "0 passed, 0 failed" });
  expect(await runTests(["--platforms"])).toEqual({ exitCode: 0, lastLine: "1 passed, 0 failed" });
});

test("the long run takes what has more rows than usual, and asks for them", async () => {
  const code = `${HEAD}import { IS_LONG } from "../support/long-run.ts";\ntest("a", () => expect(IS_LONG).toBe(true));`;
  await cp(join(REPOSITORY, "test/support/long-run.ts"), join(folder, "test/support/long-run.ts"));
  await Bun.write(join(folder, "test/e2e/rows.test.ts"), code);
  expect(await runTests(["--long"])).toEqual({ exitCode: 0, lastLine: "1 passed, 0 failed" });
  expect(await runTests(["./test/e2e/rows.test.ts"])).toEqual({ exitCode: 1, lastLine: "0 passed, 1 failed" });
});

test("the quick run checks, and leaves out what starts programs", async () => {
  const path = join(folder, "package.json");
  const manifest = (await Bun.file(path).json()) as { scripts: Record<string, string> };
  const checkEnds = (status: number) =>
    Bun.write(path, JSON.stringify({ ...manifest, scripts: { check: `exit ${status}` } }));
  await Bun.write(join(folder, "src/quick.test.ts"), CASES.passes?.code ?? "");
  await Bun.write(join(folder, "src/slow.test.ts"), `${CASES.fails?.code}\nconst start = () => Bun.spawn(["ffmpeg"]);`);
  await checkEnds(0);
  expect(await runTests(["--quick"])).toEqual({ exitCode: 0, lastLine: "1 passed, 0 failed" });
  await checkEnds(1);
  expect(await runTests(["--quick"])).toEqual({ exitCode: 1, lastLine: "1 passed, 1 failed" });
});

test("a program that cannot be built", async () => {
  await Bun.write(join(folder, "src/cli.ts"), "broken(");
  const outcome = await runTests(["./test/passes.test.ts"]);
  expect(outcome).toEqual({ exitCode: 1, lastLine: "1 passed, 1 failed" });
});
