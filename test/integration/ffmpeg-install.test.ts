// `ffcluster ffmpeg …` with a real ffmpeg, from a machine that has none to a file that is probed: the commands run as
// processes of their own, an archive of this machine's programs comes from a mirror, and PATH is empty.
import { afterAll, expect, test } from "bun:test";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../src/base/digest.ts";
import { programNames, thisPlatform } from "../../src/ffmpeg-install/platform.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { tarGzOf } from "../support/archives.ts";
import { answerWith, FileHost } from "../support/file-host.ts";
import { SHIPPED_MEDIA } from "../support/media.ts";

const CLI = join(import.meta.dir, "../../src/cli.ts");
const CLIP = join(SHIPPED_MEDIA, "audio-shorter.mp4");

const tools = await findTools(process.env);
const platform = thisPlatform() ?? "linux-x64";
const [ffmpegName = "", ffprobeName = ""] = programNames(platform);
const archive = await tarGzOf([
  { name: `build/bin/${ffmpegName}`, content: await readFile(tools.ffmpeg) },
  { name: `build/bin/${ffprobeName}`, content: await readFile(tools.ffprobe) },
]);
const folder = await mkdtemp(join(tmpdir(), "ffcluster-ffmpeg-"));
const host = await FileHost.open((request) => answerWith(archive, '"a"', request));
afterAll(async () => {
  host[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

const lockPath = join(folder, "my.lock.json");
const pinned = { url: "https://nowhere.invalid/ff.tar.gz", layout: "tar.gz", bytes: archive.length };
const facts = { source: "own", version: "1", licence: "GPL-3.0-or-later", source_code: "https://example.com" };
const lock = { ...facts, archives: [{ ...pinned, sha256: sha256Of(archive) }] };
await writeFile(lockPath, JSON.stringify({ format: 1, platforms: { [platform]: [lock] } }));

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** FFCLUSTER_FFMPEG_DIR is not set, or the installed one would not be used. */
async function ffcluster(args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  const own = {
    PATH: join(folder, "empty"),
    XDG_DATA_HOME: join(folder, "data"),
    XDG_CONFIG_HOME: join(folder, "config"),
  };
  const { LD_LIBRARY_PATH: libraries = "" } = process.env;
  const env = { ...own, HOME: folder, LD_LIBRARY_PATH: libraries, SystemRoot: process.env.SystemRoot, ...more };
  const child = Bun.spawn([process.execPath, CLI, ...args], { cwd: folder, env, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}

const byMirror = { FFCLUSTER_FFMPEG_MIRROR: host.url };

test("from no ffmpeg to a probed file", async () => {
  const none = await ffcluster(["ffmpeg", "path"]);
  expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("`ffcluster ffmpeg install`") });

  const unreached = await ffcluster(["ffmpeg", "install", "--lock", lockPath]);
  expect(unreached.exitCode).toBe(1);
  for (const words of ["nowhere.invalid", "--mirror URL (FFCLUSTER_FFMPEG_MIRROR)", sha256Of(archive)])
    expect(unreached.stderr).toContain(words);

  // Two at once: one brings it, the other waits and finds it.
  const install = ["ffmpeg", "install", "--lock", lockPath, "--json"];
  const both = await Promise.all([ffcluster(install, byMirror), ffcluster(install, byMirror)]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  const answers = both.map(({ stdout }) => JSON.parse(stdout));
  expect(answers.map((answer) => answer.was_there).sort()).toEqual([false, true]);
  expect(answers[0]).toMatchObject({ version: tools.version, source: "own", hidden_by: null });
  expect(host.requests).toHaveLength(1);

  const path = await ffcluster(["ffmpeg", "path"]);
  expect(path.stdout.trim()).toBe(join(answers[0].folder, ffmpegName));
  expect(path.stderr).toContain("`ffcluster ffmpeg install` brought it");
  const probed = await ffcluster(["probe", CLIP, "--json"]);
  expect(probed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"frames"') });

  expect(await ffcluster(["ffmpeg", "verify"])).toMatchObject({ exitCode: 0 });
  await appendFile(join(answers[0].folder, ffprobeName), "x");
  const verified = await ffcluster(["ffmpeg", "verify", "--json"]);
  expect(verified.exitCode).toBe(1);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    ok: false,
    builds: [{ in_use: true, files: [{ verdict: "ok" }, { verdict: "changed" }] }],
  });
}, 120_000);

test("what is typed wrong is refused before anything is downloaded", async () => {
  const wrong: readonly [readonly string[], string][] = [
    [["install", "--mirror", "nas"], "not an http or https URL"],
    [["install", "--lock", "none.json"], "ENOENT"],
    [["update", "--lock", lockPath, "--source", "other"], "no source is named other"],
    [["install", "--mirrors", "x"], "Did you mean --mirror?"],
  ];
  const ended = await Promise.all(wrong.map(([args]) => ffcluster(["ffmpeg", ...args])));
  expect(ended.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2]);
  for (const [at, [, words]] of wrong.entries()) expect(ended[at]?.stderr).toContain(words);
}, 120_000);
