// What Windows does otherwise than other systems, under wine (wine.ts): how a program is told to end, priorities, locks, files
// that are open elsewhere, network shares. `npm run test:platforms`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster, processesUsing, type Running, until } from "../support/cluster.ts";
import { provenJob } from "../support/proven-job.ts";
import { expectSource, LONGEST_MS, LOSSLESS, ONE_SLOT, SHORT_SEGMENTS, sourceIn, titled } from "./main-job.ts";
import { holdOpen, missing, onWindows, STARTED_WITHIN_MS, WINDOWS, windowsCommand, windowsPath } from "./wine.ts";

const BOUND_MS = LONGEST_MS / 8;
const SERVER = { args: SHORT_SEGMENTS, env: WINDOWS };
/** Slow enough to be met at it. */
const SLOW = "-c:v libx264 -qp 0 -preset veryslow -an";
/** As setPriority(10) sets it: "below normal". */
const LOW_PRIORITY = 10;
const HAS_FFMPEG = /ffmpeg\.exe/;

let cluster: Cluster;
let film: string;

beforeAll(async () => {
  if (missing !== null) return;
  cluster = await Cluster.make({ command: windowsCommand, startedWithinMs: STARTED_WITHIN_MS });
  film = await sourceIn(cluster, "film.mp4", 300);
}, LONGEST_MS);

afterAll(async () => {
  if (missing === null) await cluster[Symbol.asyncDispose]();
});

/** Its id there, as its lock says it: another number than here. */
async function windowsPid(folder: string): Promise<string> {
  return /process (\d+) /.exec(await readFile(join(folder, ".lock-holder"), "utf8"))?.[1] ?? "";
}

const serverPid = () => windowsPid(join(cluster.workDir, "server"));

async function clientPid(name: string): Promise<string> {
  const folder = join(cluster.path(`${name}-work`), "client");
  const [id = ""] = await readdir(folder);
  return await windowsPid(join(folder, id));
}

/** Ends it by a signal; its exit code. */
async function endBy(signal: string, pid: string, running: Running): Promise<number> {
  await onWindows(["signal", pid, signal]);
  return await running.exited;
}

const leftOf = async (folder: string) =>
  (await processesUsing(folder)).filter(({ command }) => HAS_FFMPEG.test(command));

async function encodingClient(name: string): Promise<Running> {
  const client = await cluster.join(name, ONE_SLOT, WINDOWS);
  await until(`${name} encodes`, BOUND_MS, async () => (await leftOf(`${name}-work`)).length > 0);
  return client;
}

/** For a test that runs alone, too. */
async function serverAndClient(): Promise<void> {
  if (cluster.running("serve").length === 0) await cluster.serve(SERVER);
  if (cluster.running("last").length === 0) await cluster.join("last", ONE_SLOT, WINDOWS);
}

let jobId = "";

test.skipIf(missing !== null)(
  titled(missing, "a second server on the same work folder is refused, and the holder is named"),
  async () => {
    await cluster.serve(SERVER);
    const where = ["--host", "127.0.0.1", "--port", "0", "--work-dir", windowsPath(cluster.workDir)];
    const second = await cluster.run(["serve", ...where, "--token", cluster.token], WINDOWS);
    expect({ exitCode: second.exitCode, stderr: second.stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /is in use by ffcluster serve \(pid \d+ on host .*; this one \(pid \d+ .*can't use it/,
      ),
    });
    expect((await fetch(`${cluster.url}/healthz`)).ok).toBe(true);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(missing, "ffmpeg of a client runs at low priority"),
  async () => {
    jobId = await cluster.submit(film, "film-out.mp4", SLOW);
    await encodingClient("ctrl-break");
    const pid = await clientPid("ctrl-break");
    let found: { readonly priority: number }[] = [];
    await until("an ffmpeg.exe is listed", BOUND_MS, async () => {
      found = JSON.parse(await onWindows(["programs", "ffmpeg.exe", pid]));
      return found.length > 0;
    });
    expect(found.map(({ priority }) => priority)).toEqual(found.map(() => LOW_PRIORITY));
  },
  LONGEST_MS,
);

test.skipIf(missing !== null).each([
  ["ctrl-break", 130],
  ["ctrl-c", 130],
  ["close", 0],
] as const)(
  titled(missing, "a client that gets %s gives its segment back and ends; no ffmpeg.exe is left"),
  async (signal, exitCode) => {
    const [client = await encodingClient(signal)] = cluster.running(signal);
    expect(await endBy(signal, await clientPid(signal), client)).toBe(exitCode);
    expect(await leftOf(`${signal}-work`)).toEqual([]);
    const known = (await cluster.clients()).find(({ name }) => name === signal);
    expect(known?.status).toBe("Disconnected");
    expect((await cluster.job(jobId)).status).not.toBe("Failed");
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(
    missing,
    "a server that gets ctrl-c, close, or is ended as a service is: the lock is free, the job goes on, exact",
  ),
  async () => {
    for (const [signal, exitCode] of [["ctrl-c", 130] as const, ["close", 0] as const]) {
      const [server] = cluster.running("serve");
      if (server === undefined) throw new Error("no server runs");
      expect(await endBy(signal, await serverPid(), server)).toBe(exitCode);
      expect(await leftOf(cluster.workDir)).toEqual([]);
      await cluster.serve(SERVER);
      expect((await cluster.job(jobId)).status).not.toBe("Failed");
    }
    // The Task Scheduler ends a task's process without a word.
    const [server] = cluster.running("serve");
    server?.kill("SIGKILL");
    await server?.exited;
    await cluster.serve(SERVER);
    await serverAndClient();
    await cluster.untilComplete(jobId, LONGEST_MS / 4);
    expect((await cluster.json<Proof>(["jobs", "proof", jobId])).exact).toBe(true);
    const output = cluster.path("film-out.mp4");
    expect((await cluster.command(["jobs", "download", jobId, "-o", output])).exitCode).toBe(0);
    await expectSource(film, output);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(missing, "an output that a player has open is kept, and told; once it is let go, it is replaced"),
  async () => {
    await serverAndClient();
    const source = await sourceIn(cluster, "short.mp4", 60);
    const folder = cluster.path("played");
    await mkdir(folder);
    const output = join(folder, "out.mp4");
    await Bun.write(output, "what the player shows");
    const held = await holdOpen(windowsPath(output));
    const where = ["-o", windowsPath(output), "--force"];
    const refused = await cluster.command(["submit", source, ...where, "--ffmpeg-params", LOSSLESS]);
    expect({ exitCode: refused.exitCode, stderr: refused.stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /cannot be written \(E\w+\); another program may have it open\nhint: .*on the server/,
      ),
    });
    expect(await readFile(output, "utf8")).toBe("what the player shows");
    expect(await readdir(folder)).toEqual(["out.mp4"]);
    await held.letGo();
    const id = /^job (\S+)$/m.exec(refused.stderr)?.[1] ?? "";
    expect((await cluster.command(["jobs", "download", id, ...where])).exitCode).toBe(0);
    await expectSource(source, output);
  },
  LONGEST_MS,
);

test.skipIf(missing !== null)(
  titled(
    missing,
    "a source that a player has open is not replaced; the next run does it, and the source is in the trash",
  ),
  async () => {
    await serverAndClient();
    const source = await sourceIn(cluster, "short.mp4", 60);
    const folder = cluster.path("library");
    await mkdir(folder);
    const path = join(folder, "film.mp4");
    await Bun.write(path, Bun.file(source));
    const asked = ["submit", windowsPath(folder), "--replace", "--ffmpeg-params", LOSSLESS];
    const held = await holdOpen(windowsPath(path));
    const refused = await cluster.command(asked);
    expect(refused.exitCode).not.toBe(0);
    expect(`${refused.stdout}${refused.stderr}`).toContain("was not replaced; another program may have it open");
    expect(await Bun.file(path).bytes()).toEqual(await Bun.file(source).bytes());
    await held.letGo();
    const ended = await cluster.command(asked);
    expect({ exitCode: ended.exitCode, stderr: ended.stderr.slice(-800) }).toMatchObject({ exitCode: 0 });
    await expectSource(source, path);
    const trashed = Bun.file(join(folder, ".ffcluster-trash", "film.mp4"));
    expect(await trashed.bytes()).toEqual(await Bun.file(source).bytes());
  },
  LONGEST_MS,
);

/** Forms of one folder that Windows takes; wine keeps a share among its devices. */
const FORMS = [
  ["a network share", "\\\\nas\\films\\Ünï 日本 (1)"],
  ["a network share in the long form", String.raw`\\?\UNC\nas\films\long form`],
  ["a drive in small letters, with slashes", "c:/films & co/ö"],
] as const;

for (const [what, parent] of FORMS) {
  test.skipIf(missing !== null)(
    titled(missing, `paths of ${what}`),
    async () => {
      await serverAndClient();
      await onWindows(["share", String.raw`nas\films`]);
      const source = await sourceIn(cluster, "short.mp4", 60);
      const folder = `${parent}\\${basename(cluster.folder)}`;
      await onWindows(["copy", windowsPath(source), `${folder}\\film #1.mp4`]);
      await provenJob(cluster, `${folder}\\film #1.mp4`, `${folder}\\made.mp4`, LOSSLESS);
      await onWindows(["copy", `${folder}\\made.mp4`, windowsPath(cluster.path("made.mp4"))]);
      await expectSource(source, cluster.path("made.mp4"));
      await onWindows(["remove", folder]);
    },
    LONGEST_MS,
  );
}
