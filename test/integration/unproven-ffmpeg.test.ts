// A version that nobody has proven decides by its self-test whether this machine serves and joins. The tools are stand-ins:
// scripts around the real ones that say another version and, one of them, refuse an option that the method needs.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/base/log.ts";
import { selfCommand } from "../../src/base/process/guard.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { proveVersion } from "../../src/media/local/prove-version.ts";

const isPosix = process.platform !== "win32";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-unproven-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder for FFCLUSTER_FFMPEG_DIR; `refuses`: an option that its ffmpeg does not know. */
async function standIn(version: string, refuses: string | null): Promise<string> {
  const place = join(folder, `${version}-${refuses ?? "whole"}`);
  await mkdir(place);
  for (const name of ["ffmpeg", "ffprobe"]) {
    const path = join(place, name);
    const real = Bun.which(name);
    const refusal = `[[ " $* " == *" ${refuses} "* ]] && { echo "Unrecognized option '${refuses}'." >&2; exit 8; }`;
    await writeFile(
      path,
      `#!/bin/bash
[[ "$*" == -version ]] && { echo "${name} version ${version} Copyright (c) nobody"; exit; }
${refuses === null ? "" : refusal}
exec ${real} "$@"
`,
    );
    await chmod(path, 0o755);
  }
  return place;
}

async function run(tools: string, ...args: string[]) {
  const env = { ...process.env, FFCLUSTER_FFMPEG_DIR: tools, XDG_CONFIG_HOME: folder };
  const child = Bun.spawn([...selfCommand(), ...args], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stderr, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  return { stderr, exitCode };
}

test.skipIf(!isPosix)(
  "serve and join refuse to start with one that fails, and name the line of the self-test",
  async () => {
    const tools = await standIn("10.0", "-enc_time_base");
    const at = (name: string) => ["--work-dir", join(folder, name)];
    const refusals = await Promise.all([
      run(tools, "serve", "--host", "127.0.0.1", "--port", "0", ...at("server")),
      run(tools, "join", "--server", "127.0.0.1:1", "--token", "x", ...at("client")),
    ]);
    for (const { stderr, exitCode } of refusals) {
      expect(exitCode).toBe(1);
      expect(stderr).toContain("ffmpeg 10.0 is newer than those proven (5.1 to 9.0) and fails the self-test: ");
      expect(stderr).toContain("Unrecognized option '-enc_time_base'");
    }
  },
  60_000,
);

test.skipIf(!isPosix)(
  "one that passes may serve, and nothing of the test is left",
  async () => {
    const newer = await findTools({ FFCLUSTER_FFMPEG_DIR: await standIn("9.1", null) });
    const place = await mkdtemp(join(folder, "work-"));
    await proveVersion(newer, place, createLog("error", []));
    expect(await readdir(place)).toEqual([]);
  },
  60_000,
);

test.skipIf(!isPosix)("a known version is not tested again", async () => {
  const tools = await findTools({ FFCLUSTER_FFMPEG_DIR: await standIn("9.0.3-1", "-i") });
  await proveVersion(tools, join(folder, "nowhere"), createLog("error", []));
});
