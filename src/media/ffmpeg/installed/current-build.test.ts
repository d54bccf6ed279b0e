// Which ffmpeg is taken, and that scripts/setup.mjs takes the same one and names the same packages.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userDataDir } from "../../../base/config/user-data-dir.ts";
import { locatePrograms } from "../tools.ts";
import { currentBuild, installedFolder } from "./current-build.ts";
import { installHint, packageCommand } from "./install-hint.ts";

const SETUP = join(import.meta.dir, "../../../../scripts/setup.mjs");
const EXE = process.platform === "win32" ? ".exe" : "";

const root = await mkdtemp(join(tmpdir(), "ffcluster-installed-"));
const env = { XDG_DATA_HOME: join(root, "data"), PATH: join(root, "path") };
const store = installedFolder(env);
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  await rm(store, { recursive: true, force: true });
  await place(env.PATH);
});

async function place(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ["ffmpeg", "ffprobe"]) {
    const path = join(folder, name + EXE);
    await writeFile(path, `#!/bin/sh\necho ${name} version 8.1.2\n`);
    await chmod(path, 0o755);
  }
}

const use = (folder: unknown) => writeFile(join(store, "current.json"), JSON.stringify({ folder }));

test("an installed ffmpeg comes before PATH and after a folder that is named", async () => {
  expect(await locatePrograms(env)).toMatchObject({ ffmpeg: join(env.PATH, `ffmpeg${EXE}`), foundBy: "PATH" });
  await place(join(store, "jellyfin-8.1.3-1"));
  expect((await locatePrograms(env)).foundBy).toBe("PATH"); // not in use
  await use("jellyfin-8.1.3-1");
  const ffprobe = join(store, "jellyfin-8.1.3-1", `ffprobe${EXE}`);
  expect(await locatePrograms(env)).toMatchObject({ ffprobe, foundBy: "installed" });
  const named = { ...env, FFCLUSTER_FFMPEG_DIR: env.PATH };
  expect((await locatePrograms(named)).foundBy).toBe("FFCLUSTER_FFMPEG_DIR");
  await rm(ffprobe); // half of it is gone
  expect((await locatePrograms(env)).foundBy).toBe("PATH");
});

test("what `current.json` may name", async () => {
  await mkdir(store, { recursive: true });
  for (const folder of ["../path", "/usr/bin", "", ".new-1", 5, null, "a/b"]) {
    await use(folder);
    expect(await currentBuild(store)).toBeNull();
  }
  await writeFile(join(store, "current.json"), "{ half");
  expect(await currentBuild(store)).toBeNull();
  await use("own-8.1.2");
  expect(await currentBuild(store)).toBe("own-8.1.2");
});

test("nothing is there: the hint names the command that brings one", async () => {
  const missing = locatePrograms({ ...env, PATH: join(root, "empty") });
  const hint = expect.stringContaining("`ffcluster ffmpeg install`");
  await expect(missing).rejects.toMatchObject({ code: "E_FFMPEG_MISSING", hint });
});

test("folders of a user's data", () => {
  const home = "/home/a";
  expect(userDataDir({ HOME: home }, "linux")).toBe(join(home, ".local/share/ffcluster"));
  expect(userDataDir({ HOME: home }, "darwin")).toBe(join(home, "Library/Application Support/ffcluster"));
  expect(userDataDir({ HOME: home, LOCALAPPDATA: "/local" }, "win32")).toBe(join("/local", "ffcluster"));
  expect(userDataDir({ HOME: home, XDG_DATA_HOME: "/data" }, "win32")).toBe(join("/data", "ffcluster"));
});

test("setup.mjs names the same packages", async () => {
  const text = await readFile(SETUP, "utf8");
  for (const platform of ["linux", "darwin", "win32"] as const) {
    expect(text).toContain(packageCommand(platform));
    expect(installHint(platform)).toContain(packageCommand(platform));
  }
});

test.skipIf(process.platform === "win32")("setup.mjs finds the same one", async () => {
  await place(join(store, "own-8.1.2"));
  await use("own-8.1.2");
  const script = `import(${JSON.stringify(SETUP)}).then((setup) => console.log(setup.findFfmpeg().folder))`;
  const found = Bun.spawnSync([process.execPath, "-e", script], { env: { ...env, PATH: `${env.PATH}:/usr/bin:/bin` } });
  const tools = join(import.meta.dir, "../../../../tools");
  const expected = (await locatePrograms(env)).ffmpeg.replace(/\/ffmpeg$/, "");
  expect([expected, tools, tools.replace(/tools$/, "dist/tools")]).toContain(found.stdout.toString().trim());
});
