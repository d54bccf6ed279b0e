// Archives: the same files make the same bytes, and what is a program stays one.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";

import { writeArchive } from "../../packaging/archive.ts";
import { buildDeb } from "../../packaging/deb.ts";
import { parseTarget } from "../../packaging/platforms.ts";
import { stage } from "../../packaging/stage.ts";
import { PLATFORMS } from "../../src/ffmpeg-install/platform.ts";

const TIME = new Date("2026-01-02T03:04:06Z");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-archive-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function makeStaged(name: string, target: "linux-x64" | "windows-x64"): Promise<string> {
  const executable = join(folder, `${name}-program`);
  await writeFile(executable, "the program");
  const ffmpegFolder = join(folder, `${name}-ffmpeg`);
  await mkdir(ffmpegFolder);
  const suffix = target === "windows-x64" ? ".exe" : "";
  for (const program of ["ffmpeg", "ffprobe"]) await writeFile(join(ffmpegFolder, program + suffix), program);
  const staged = join(folder, name);
  await stage({ target, version: "1.2.3", executable, ffmpegFolder, component: null, time: TIME }, staged);
  await utimes(join(staged, "README.txt"), new Date(), new Date(Date.now() - Math.random() * 1e9));
  return staged;
}

test("a tar file has the programs as programs, and is the same whenever it is made", async () => {
  const paths = ["a.tar.gz", "b.tar.gz"].map((name) => join(folder, name));
  for (const path of paths) await writeArchive(await makeStaged(`${path.at(-8)}-tar`, "linux-x64"), path, TIME);
  const [first, second] = await Promise.all(paths.map((path) => readFile(path)));
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);

  const out = join(folder, "unpacked");
  await mkdir(out);
  expect(Bun.spawnSync(["tar", "-xzf", paths[0] ?? "", "-C", out]).exitCode).toBe(0);
  for (const name of ["ffcluster", "tools/ffmpeg", "tools/ffprobe", "start-server.sh", "start-client.sh"]) {
    expect((await stat(join(out, name))).mode & 0o777).toBe(0o755);
  }
  expect((await stat(join(out, "README.txt"))).mtime).toEqual(TIME);
  for (const name of [
    "ffcluster.1",
    "completions/ffcluster.bash",
    "completions/_ffcluster",
    "completions/ffcluster.fish",
    "completions/ffcluster.ps1",
  ]) {
    expect((await stat(join(out, name))).mode & 0o777).toBe(0o644);
  }
  expect(await readFile(join(out, "tools/LICENSE.txt"), "utf8")).toContain("GNU GENERAL PUBLIC LICENSE");
  const notices = await readFile(join(out, "THIRD-PARTY.txt"), "utf8");
  for (const name of ["Bun ", "consola ", "zod ", "@peculiar/x509 "]) expect(notices).toContain(name);
  expect(notices).not.toContain("fast-check");
});

test.skipIf(Bun.which("dpkg-deb") === null)(
  "a Debian package has completions and manual where Debian looks",
  async () => {
    const executable = join(folder, "deb-program");
    await writeFile(executable, "the program");
    const wanted = { platform: "linux-x64", version: "1.2.3", executable, time: TIME } as const;
    const name = await buildDeb(wanted, join(folder, "deb"), folder);
    const listed = Bun.spawnSync(["dpkg-deb", "--contents", join(folder, name)]).stdout.toString();
    for (const path of [
      "usr/bin/ffcluster",
      "usr/share/bash-completion/completions/ffcluster",
      "usr/share/zsh/vendor-completions/_ffcluster",
      "usr/share/fish/vendor_completions.d/ffcluster.fish",
      "usr/share/man/man1/ffcluster.1.gz",
    ]) {
      expect(listed).toContain(`./${path}\n`);
    }
  },
);

test("a zip file for Windows: names, line ends, and the same bytes in every time zone", async () => {
  const staged = await makeStaged("windows", "windows-x64");
  const path = join(folder, "a.zip");
  await writeArchive(staged, path, TIME);
  const bytes = await readFile(path);
  const files = unzipSync(bytes);
  expect(Object.keys(files)).toContain("tools/ffmpeg.exe");
  expect(new TextDecoder().decode(files["start-client.cmd"])).toContain('"%~dp0ffcluster.exe" join %*\r\n');
  expect(new TextDecoder().decode(files["completions/ffcluster.ps1"])).toContain("Register-ArgumentCompleter");
  const zone = process.env.TZ;
  process.env.TZ = "Pacific/Auckland";
  await writeArchive(staged, join(folder, "b.zip"), TIME);
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  expect(bytes.equals(await readFile(join(folder, "b.zip")))).toBe(true);
});

test("a start script finds its program from anywhere, without anything on the PATH", async () => {
  const staged = await makeStaged("started", "linux-x64");
  await writeFile(join(staged, "ffcluster"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  const env = { PATH: "/nowhere" };
  const far = Bun.spawnSync([join(staged, "start-server.sh"), "--port", "1 2"], { cwd: "/", env });
  expect(far.stdout.toString()).toBe("serve --port 1 2\n");
  const near = Bun.spawnSync(["/bin/sh", "start-client.sh", "vm:5001"], { cwd: staged, env });
  expect(near.stdout.toString()).toBe("join vm:5001\n");
});

test("platforms go by the names that people know, and others are listed", () => {
  expect(["linux-x86_64", "macos-universal2", "windows-x86_64"].map(parseTarget)).toEqual([
    "linux-x64",
    "darwin-universal",
    "windows-x64",
  ]);
  expect(() => parseTarget("amiga")).toThrow(PLATFORMS.join(", "));
});
