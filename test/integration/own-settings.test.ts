// What the folder and the environment may not decide for the user: a stranger's config file, short tokens, TLS unchecked.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const CLI = resolve(import.meta.dir, "../../src/cli.ts");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-own-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const own = { PATH: process.env.PATH ?? "", XDG_CONFIG_HOME: join(folder, "config"), NO_COLOR: "1", ...env };
  const child = Bun.spawn([process.execPath, CLI, ...args], { cwd: folder, env: own, stdout: "pipe", stderr: "pipe" });
  const stderr = await new Response(child.stderr).text();
  return { exitCode: await child.exited, stderr };
}

/** No server is there: a command that gets as far as to ask one ends with 4. */
const LIST = ["jobs", "list", "--server", "127.0.0.1:1"];

test("a short token is refused", async () => {
  const { exitCode, stderr } = await run(["serve", "--port", "0", "--work-dir", "w", "--token", "fifteen-letters"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("fewer than 16 characters");
  expect(stderr).not.toContain("fifteen-letters");
});

test("certificates are checked, whatever the environment says", async () => {
  const { exitCode, stderr } = await run(LIST, { NODE_TLS_REJECT_UNAUTHORIZED: "0" });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("NODE_TLS_REJECT_UNAUTHORIZED=0");
});

test.skipIf(process.platform === "win32")(
  "a config file that others can write sets no token, no media root and no lock file",
  async () => {
    const path = join(folder, "ffcluster.config.json");
    for (const settings of [{ token: "x".repeat(20) }, { mediaRoot: "/" }, { lock: "/my.lock.json" }]) {
      await writeFile(path, JSON.stringify(settings));
      await chmod(path, 0o644);
      expect((await run(LIST)).exitCode).toBe(4);
      await chmod(path, 0o666);
      expect(await run(LIST)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("other users can write it"),
      });
      if (process.getuid?.() !== 0) continue;
      await chmod(path, 0o644);
      await chown(path, 65_534, 65_534);
      expect(await run(LIST)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("belongs to another user"),
      });
      await chown(path, 0, 0);
    }
    await writeFile(path, JSON.stringify({ maxRetries: 1 }));
    await chmod(path, 0o666);
    expect((await run(LIST)).exitCode).toBe(4);
  },
);

test("a config file is named before anything else is said", async () => {
  await writeFile(join(folder, "ffcluster.config.json"), JSON.stringify({ token: "short" }));
  const { exitCode, stderr } = await run(["serve", "--port", "0", "--work-dir", "w"]);
  expect(exitCode).toBe(2);
  expect(stderr.split("\n")[0]).toContain("ffcluster.config.json");
});
