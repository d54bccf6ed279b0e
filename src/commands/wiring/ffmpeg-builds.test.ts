// What `install` and `update` take, with scripts in place of ffmpeg: the installer itself is tried in src/ffmpeg-install.
import { afterAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tarGzOf } from "../../../test/support/archives.ts";
import { answerWith, FileHost } from "../../../test/support/file-host.ts";
import { canHaveSmallDisks, SmallDisk } from "../../../test/support/small-disk.ts";
import { sha256Of } from "../../base/digest.ts";
import { acquireFolderLock } from "../../db/folder-lock.ts";
import { programNames, thisPlatform } from "../../ffmpeg-install/platform.ts";
import { ffmpegInUse, type InstallRequest, installBuild, verifyBuilds } from "./ffmpeg-builds.ts";

const platform = thisPlatform();
const canRunScripts = process.platform !== "win32" && platform !== null;
const root = await mkdtemp(join(tmpdir(), "ffcluster-builds-"));
const env = { XDG_DATA_HOME: join(root, "data"), PATH: join(root, "path"), FFCLUSTER_SANDBOX: "off" };
const files = new Map<string, Uint8Array>();
const host = await FileHost.open((request) => {
  const content = files.get(request.path.slice(1));
  return content === undefined ? { status: 404 } : answerWith(content, '"a"', request);
});
afterAll(async () => {
  host[Symbol.dispose]();
  await rm(root, { recursive: true, force: true });
});

async function build(source: string, version: string) {
  const script = (name: string) => `#!/bin/sh\necho "${name} version ${version} of ${source}"\n`;
  const names = programNames(platform ?? "linux-x64");
  const bytes = await tarGzOf(names.map((name) => ({ name, content: script(name) })));
  const file = `${source}-${version}.tar.gz`;
  files.set(file, bytes);
  const archive = { url: `${host.url}/${file}`, layout: "tar.gz", bytes: bytes.length, sha256: sha256Of(bytes) };
  return { source, version, licence: "MIT", source_code: "https://example.com", archives: [archive] };
}

async function lockOf(name: string, versions: Readonly<Record<string, string>>): Promise<string> {
  const builds = await Promise.all(Object.entries(versions).map(([source, version]) => build(source, version)));
  const path = join(root, name);
  await writeFile(path, JSON.stringify({ format: 1, platforms: { [platform ?? "linux-x64"]: builds } }));
  return path;
}

const notes: string[] = [];

function run(more: Partial<InstallRequest>) {
  const signal = AbortSignal.timeout(60_000);
  const fixed = { env, lockPath: null, source: null, mirror: null, isUpdate: false, signal, onBytes: () => undefined };
  return installBuild({ ...fixed, onNote: (line) => notes.push(line), ...more });
}

test.skipIf(!canRunScripts)("install keeps what is there, update brings the lock's, of the same source", async () => {
  const old = await lockOf("old.json", { first: "8.1.2", second: "8.1.1" });
  const next = await lockOf("next.json", { first: "8.1.3", second: "8.1.2", third: "8.0" });
  expect(await run({ lockPath: old, source: "second" })).toMatchObject({
    version: "8.1.1",
    was_there: false,
    hidden_by: null,
  });
  expect(await ffmpegInUse(env)).toMatchObject({ version: "8.1.1", found_by: "installed" });

  // The lock of this executable names another build; without a word more, what is in use stays.
  expect(await run({})).toMatchObject({ source: "second", was_there: true, newer: expect.stringMatching(/^\w+ \d/) });

  const updated = await run({ lockPath: next, isUpdate: true });
  expect(updated).toMatchObject({ source: "second", version: "8.1.2", was_there: false, newer: null });
  expect(updated.unused).toHaveLength(1);
  expect(await run({ lockPath: next, isUpdate: true })).toMatchObject({ version: "8.1.2", was_there: true });
  expect(await run({ lockPath: next, isUpdate: true, source: "third" })).toMatchObject({ version: "8.0" });
  // A source that the lock has no more: its first.
  expect(await run({ lockPath: old, isUpdate: true })).toMatchObject({ source: "first", version: "8.1.2" });

  const verified = await verifyBuilds(env, AbortSignal.timeout(60_000));
  expect(verified.map(({ ok, in_use }) => [ok, in_use]).sort()).toEqual([
    [true, false],
    [true, false],
    [true, false],
    [true, true],
  ]);
});

test.skipIf(!canRunScripts)("one that is not used says what hides it", async () => {
  const lockPath = await lockOf("hidden.json", { own: "8.1" });
  const folder = join(root, "named");
  await mkdir(folder, { recursive: true });
  for (const name of programNames(platform ?? "linux-x64")) await writeFile(join(folder, name), "");
  const named = { ...env, FFCLUSTER_FFMPEG_DIR: folder };
  expect(await run({ lockPath, env: named })).toMatchObject({ was_there: false, hidden_by: "FFCLUSTER_FFMPEG_DIR" });
});

test.skipIf(!canRunScripts)("an install waits for one that runs already, and says so", async () => {
  const lockPath = await lockOf("waiting.json", { waiting: "8.1" });
  const lock = acquireFolderLock(join(root, "data", "ffcluster", "ffmpeg"), "another install");
  if (!("release" in lock)) throw new Error("the folder is locked");
  const free = () => lock.release();
  const answer = await run({
    lockPath,
    onNote: (line) => {
      notes.push(line);
      if (line.startsWith("Waiting for another install")) free();
    },
  });
  expect(answer.version).toBe("8.1");
  expect(notes.some((line) => line.startsWith("Waiting for another install"))).toBe(true);
});

test.skipIf(!canHaveSmallDisks())("a full disk, and a folder that is no folder, are said as that", async () => {
  const lockPath = await lockOf("full.json", { full: "8.1" });
  using disk = new SmallDisk(join(root, "disk"), 1);
  await disk.fillUpTo(0);
  const onDisk = { ...env, XDG_DATA_HOME: disk.folder };
  await expect(run({ lockPath, env: onDisk })).rejects.toMatchObject({ code: "E_NO_SPACE" });
  await disk.relieve();
  expect(await run({ lockPath, env: onDisk })).toMatchObject({ version: "8.1", was_there: false });
  const file = join(root, "file");
  await writeFile(file, "");
  const words = expect.stringContaining("cannot be made or written (ENOTDIR)");
  const inFile = { ...env, XDG_DATA_HOME: file };
  await expect(run({ lockPath, env: inFile })).rejects.toMatchObject({ code: "E_WORK_DIR", message: words });
});
