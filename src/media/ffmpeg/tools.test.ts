import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxSupport } from "../../base/sandbox/sandbox-support.ts";
import { findTools } from "./tools.ts";

const { confines } = await sandboxSupport();
let folder: string;

/** A script in `named` that starts another one in `elsewhere`, which answers as an ffmpeg would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-tools-"));
  const script = async (path: string, text: string) => {
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
  };
  for (const name of ["named", "elsewhere"]) await mkdir(join(folder, name));
  await script(join(folder, "elsewhere/real"), "echo ffmpeg version 7.1-of-a-test");
  for (const name of ["ffmpeg", "ffprobe"])
    await script(join(folder, "named", name), `exec ${join(folder, "elsewhere/real")} "$@"`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.skipIf(confines.length === 0)("an ffmpeg that runs only outside the sandbox", async () => {
  const env = { FFCLUSTER_FFMPEG_DIR: join(folder, "named") };
  const tools = await findTools(env, "auto");
  expect(tools).toMatchObject({ version: "7.1-of-a-test", sandbox: { mode: "off", programs: [] } });
  expect(tools.sandbox.unfit).toContain("Permission denied");
  await expect(findTools(env, "require")).rejects.toMatchObject({
    code: "E_SANDBOX",
    message: expect.stringContaining("--sandbox require: in the sandbox,"),
  });
  expect((await findTools(env, "off")).sandbox).toEqual({ mode: "off", programs: [] });
});
