import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxSupport } from "../../base/sandbox/sandbox-support.ts";
import { openPathFor } from "./sandbox/open-files.ts";
import { findTools } from "./tools.ts";

const { confines } = await sandboxSupport();
let folder: string;

async function script(path: string, text: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
}

/** The real ffmpeg and ffprobe behind scripts that first do what `line` says; the folder's name. */
async function launchers(line: string): Promise<string> {
  const real = await findTools(process.env, "off");
  const at = await mkdtemp(join(folder, "launchers-"));
  for (const name of ["ffmpeg", "ffprobe"] as const) await script(join(at, name), `${line}\nexec ${real[name]} "$@"`);
  return at;
}

/** A script in `named` that starts another one in `elsewhere`, which answers as an ffmpeg would. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-tools-"));
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

test.skipIf(process.platform !== "linux")("an ffmpeg behind a script that closes what it is given open", async () => {
  await using handle = await open(import.meta.path);
  for (const line of ["exec 3<&-", "exec 3</dev/zero"]) {
    const at = await launchers(line);
    const tools = await findTools({ FFCLUSTER_FFMPEG_DIR: at }, "auto");
    expect(tools.sandbox.mode).toBe("auto");
    expect(tools.sandbox.losesOpenFiles).toBe(
      `${at}/ffmpeg and ${at}/ffprobe can't read a file that is handed over open`,
    );
    expect(openPathFor(tools, handle)).toBeNull();
    expect((await findTools({ FFCLUSTER_FFMPEG_DIR: at }, "off")).sandbox.losesOpenFiles).toContain("handed over open");
    await expect(findTools({ FFCLUSTER_FFMPEG_DIR: at }, "require")).rejects.toMatchObject({
      code: "E_SANDBOX",
      message: expect.stringContaining("handed over open"),
      hint: expect.stringContaining("FFCLUSTER_FFMPEG_DIR"),
    });
  }
});

test.skipIf(process.platform !== "linux")("one behind a script that keeps it open is like any other", async () => {
  const tools = await findTools({ FFCLUSTER_FFMPEG_DIR: await launchers("true") }, "require");
  expect(tools.sandbox).toMatchObject({ mode: "require" });
  expect(tools.sandbox.losesOpenFiles).toBeUndefined();
  await using handle = await open(import.meta.path);
  expect(openPathFor(tools, handle)).toBe(`/proc/self/fd/${handle.fd}`);
});
