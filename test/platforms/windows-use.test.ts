// How people use the program for Windows, under wine (wine.ts): files that Notepad and PowerShell write, names that Windows
// can't keep, paths of every form, a server that is killed, `--participate`. `npm run test:platforms`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Cluster } from "../support/cluster.ts";
import { provenJob } from "../support/proven-job.ts";
import { expectSource, LONGEST_MS, LOSSLESS, ONE_SLOT, SHORT_SEGMENTS, sourceIn, titled } from "./main-job.ts";
import { missing, STARTED_WITHIN_MS, WINDOWS, windowsCommand, windowsPath } from "./wine.ts";

let cluster: Cluster;
let source: string;
const SERVER = { args: SHORT_SEGMENTS, env: WINDOWS };

beforeAll(async () => {
  if (missing !== null) return;
  cluster = await Cluster.make({ command: windowsCommand, startedWithinMs: STARTED_WITHIN_MS });
  source = await sourceIn(cluster, "source.mp4", 60);
}, LONGEST_MS);

afterAll(async () => {
  if (missing === null) await cluster[Symbol.asyncDispose]();
});

test.skipIf(missing !== null)(
  titled(missing, "a killed server goes on with its job; submit --participate encodes on its machine"),
  async () => {
    const killed = await cluster.serve(SERVER);
    const jobId = await cluster.submit(source, "first.mp4", LOSSLESS);
    // Not while it starts a program: wine leaves a process behind that was being made.
    await cluster.untilJob(jobId, "waits for clients", LONGEST_MS / 8, ({ status }) => status === "WaitingForClients");
    killed.kill("SIGKILL");
    await killed.exited;
    await cluster.serve(SERVER);
    expect((await cluster.job(jobId)).status).not.toBe("Failed");
    const output = cluster.path("second.mp4");
    const asked = ["submit", source, "-o", output, "--participate", "--ffmpeg-params", LOSSLESS];
    const ended = await cluster.run(
      [...asked, "--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token],
      WINDOWS,
    );
    expect({ exitCode: ended.exitCode, stderr: ended.stderr.slice(-800) }).toMatchObject({ exitCode: 0 });
    await expectSource(source, output);
    await cluster.join("after", ONE_SLOT, WINDOWS);
    await cluster.untilComplete(jobId, LONGEST_MS / 4);
  },
  LONGEST_MS,
);

/** Of one source; the server and the client of the test before run on. */
const PATHS = [
  ["a drive, spaces, other letters and signs", "Ünï 日本 (1) & co %TEMP% 'x'", "film ö #1.mp4"],
  ["more than 260 characters", `${"long folder ".repeat(9)}end/${"longer folder ".repeat(9)}end`, "film.mp4"],
] as const;

for (const [what, folder, name] of PATHS) {
  test.skipIf(missing !== null)(
    titled(missing, `paths with ${what}`),
    async () => {
      const input = cluster.path(join(folder, name));
      await mkdir(dirname(input), { recursive: true });
      await copyFile(source, input);
      const output = cluster.path(join(folder, `made of ${name}`));
      await provenJob(cluster, windowsPath(input), windowsPath(output), LOSSLESS);
      await expectSource(source, output);
    },
    LONGEST_MS,
  );
}

test.skipIf(missing !== null)(
  titled(missing, "a path of the long form, as network shares have it, with two backslashes at its beginning"),
  async () => {
    const long = (path: string) => `\\\\?\\${windowsPath(path)}`;
    const output = cluster.path("long form.mp4");
    await provenJob(cluster, long(source), long(output), LOSSLESS);
    await expectSource(source, output);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(missing, "a client that is killed in mid-job: another one goes on, the output is whole"),
  async () => {
    const film = await sourceIn(cluster, "longer.mp4", 250);
    const output = cluster.path("of the longer one.mp4");
    const killed = await cluster.join("killed", ONE_SLOT, WINDOWS);
    const jobId = await cluster.submit(film, output, LOSSLESS);
    await cluster.untilJob(jobId, "encodes", LONGEST_MS / 8, ({ status }) => status === "Processing");
    killed.kill("SIGKILL");
    await killed.exited;
    await cluster.untilComplete(jobId, LONGEST_MS / 4);
    await cluster.json(["jobs", "download", jobId, "-o", output]);
    await expectSource(film, output);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(missing, "a configuration file with a byte order mark or in UTF-16"),
  async () => {
    const path = cluster.path("ffcluster.config.json");
    const text = `{ "server": "127.0.0.1:${cluster.port}" }\r\n`;
    const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
    for (const bytes of [Buffer.from(`\ufeff${text}`), utf16, Buffer.from(utf16).swap16()]) {
      await writeFile(path, bytes);
      const ended = await cluster.run(["jobs", "list", "--token", cluster.token, "--json"]);
      expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 0 });
      expect(JSON.parse(ended.stdout)).not.toEqual([]);
    }
    await rm(path);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(missing, "an output that Windows can't name is refused before any work"),
  async () => {
    const jobs = (await cluster.json<unknown[]>(["jobs", "list"])).length;
    for (const name of ["part:2.mp4", "what?.mp4", "a<b.mp4", "a|b.mp4", "a*.mp4", "film.mp4.", "CON.mp4", "nul.mp4"]) {
      const ended = await cluster.command(["submit", source, "-o", name, "--ffmpeg-params", LOSSLESS]);
      expect({ name, exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("can't be the name of a file here"),
      });
    }
    expect(await cluster.json<unknown[]>(["jobs", "list"])).toHaveLength(jobs);
  },
  LONGEST_MS,
);
