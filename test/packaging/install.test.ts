// install.sh and the npm launcher, run for real with a small stand-in for the executable.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeArchive } from "../../packaging/archive.ts";
import { writeInstaller } from "../../packaging/installer.ts";
import { placeNpmPackages } from "../../packaging/npm-packages.ts";

const isUnix = process.platform !== "win32";
const PLATFORM = `${process.platform}-${process.arch}`;
const ARCHIVE = `ffcluster-1.2.3-${PLATFORM}.tar.gz`;
const PROGRAM =
  '#!/bin/sh\n[ "$1" = --version ] && echo "ffcluster 1.2.3"\n[ "$1" = fail ] && exit 7\n[ "$1" = wait ] && { trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done; }\nexit 0\n';

let folder: string;
let server: ReturnType<typeof Bun.serve>;
let served: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-install-"));
  await mkdir(join(folder, "staged"));
  await writeFile(join(folder, "staged/ffcluster"), PROGRAM, { mode: 0o755 });
  await writeArchive(join(folder, "staged"), join(folder, ARCHIVE), new Date(0));
  served = new Uint8Array(await readFile(join(folder, ARCHIVE)));
  const digest = createHash("sha256").update(served).digest("hex");
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) =>
      new URL(url).pathname === `/${ARCHIVE}` ? new Response(served) : new Response("", { status: 404 }),
  });
  const origin = `http://127.0.0.1:${server.port}`;
  const sums = `${digest}  ${ARCHIVE}\n`;
  await writeInstaller(join(folder, "install.sh"), { version: "1.2.3", sums, baseUrl: origin });
});
afterAll(async () => {
  await server.stop(true);
  await rm(folder, { recursive: true });
});

async function install(env: Record<string, string> = {}): Promise<{ exitCode: number; out: string; err: string }> {
  const child = Bun.spawn(["/bin/sh", join(folder, "install.sh")], {
    env: { PATH: process.env.PATH ?? "", HOME: join(folder, "home"), ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { exitCode: await child.exited, out, err };
}

test.skipIf(!isUnix)("install.sh puts the program there and links to it; twice is as once", async () => {
  for (const _ of [1, 2]) {
    const { exitCode, out } = await install();
    expect(exitCode).toBe(0);
    expect(out).toContain("ffcluster 1.2.3 is installed");
  }
  const into = join(folder, "home/.local/share/ffcluster");
  expect(await readlink(join(folder, "home/.local/bin/ffcluster"))).toBe(join(into, "1.2.3/ffcluster"));
  expect(await readdir(into)).toEqual(["1.2.3"]);
});

test.skipIf(!isUnix)("an archive with other bytes is not unpacked, and what was there stays", async () => {
  const right = served;
  served = right.slice();
  served[served.byteLength - 9] = (served.at(-9) ?? 0) ^ 1;
  const { exitCode, err } = await install();
  served = right;
  expect(exitCode).toBe(1);
  expect(err).toContain("it is damaged, or not the one that was released");
  expect(await readdir(join(folder, "home/.local/share/ffcluster"))).toEqual(["1.2.3"]);

  const gone = await install({ FFCLUSTER_BASE_URL: `http://127.0.0.1:${server.port}/nowhere` });
  expect(gone.exitCode).toBe(1);
});

test.skipIf(!isUnix)(
  "the npm launcher starts the package of this platform, passes signals on, and says what is missing",
  async () => {
    const packages = join(folder, "npm");
    const executables = new Map([["linux-x64" as const, join(folder, "staged/ffcluster")]]);
    await placeNpmPackages(packages, "1.2.3", executables);
    const modules = join(folder, "app/node_modules");
    const own = PLATFORM === "linux-x64" ? PLATFORM : null;
    await mkdir(join(modules, "@ffcluster"), { recursive: true });
    const launcher = join(packages, "ffcluster/bin/ffcluster.cjs");
    const env = { PATH: process.env.PATH ?? "", NODE_PATH: modules };

    const without = Bun.spawnSync(["node", launcher, "--version"], { env });
    expect(without.exitCode).toBe(1);
    expect(without.stderr.toString()).toContain("--omit=optional");
    if (own === null) return; // the packages made above are those of linux-x64

    await Bun.$`cp -r ${join(packages, own)} ${join(modules, "@ffcluster", own)}`.quiet();
    const manifest = await Bun.file(join(packages, own, "package.json")).json();
    expect(manifest).toMatchObject({ os: ["linux"], cpu: ["x64"], libc: ["glibc"] });
    expect(Bun.spawnSync(["node", launcher, "--version"], { env }).stdout.toString()).toBe("ffcluster 1.2.3\n");
    expect(Bun.spawnSync(["node", launcher, "fail"], { env }).exitCode).toBe(7);
    const waiting = Bun.spawn(["node", launcher, "wait"], { env, stdout: "pipe" });
    const { value } = await waiting.stdout.getReader().read();
    expect(new TextDecoder().decode(value)).toBe("ready\n");
    waiting.kill("SIGTERM");
    expect(await waiting.exited).toBe(3);
  },
);
