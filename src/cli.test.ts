import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryCoordinator } from "../test/support/memory-coordinator.ts";
import { type ApiServer, serveApi } from "./api/serve-api.ts";
import { silentLog } from "./base/log.ts";
import { forEachLine } from "./base/process/output.ts";
import { VERSION } from "./base/version.ts";

// Each test starts processes; a busy machine needs a second for one.
setDefaultTimeout(180_000);

const CLI = join(import.meta.dir, "cli.ts");

let folder = "";
let coordinator: MemoryCoordinator;
let server: ApiServer;
const running = new Set<Bun.Subprocess>();

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: VERSION, log: silentLog });
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-cli-"));
  coordinator.jobs.clear();
  coordinator.requests.length = 0;
  coordinator.onJob = () => {};
  coordinator.sharesFiles = true;
});
afterEach(async () => {
  expect(running.size).toBe(0);
  await rm(folder, { recursive: true });
});

function start(args: readonly string[], env: Record<string, string> = {}) {
  const own: Record<string, string> = { XDG_CONFIG_HOME: join(folder, "config"), NO_COLOR: "1", ...env };
  for (const name of ["PATH", "HOME", "TMPDIR"]) if (process.env[name] !== undefined) own[name] = process.env[name];
  const child = Bun.spawn([process.execPath, CLI, ...args], {
    cwd: folder,
    env: own,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  const ended = Promise.all([child.exited, new Response(child.stdout).text(), new Response(child.stderr).text()]).then(
    ([exitCode, stdout, stderr]) => {
      running.delete(child);
      return { exitCode, stdout, stderr };
    },
  );
  return { child, ended };
}

const CTRL_C = "\u0003";

/** On a terminal of its own, where a person can be asked. */
function onTerminal(args: readonly string[], columns = 200) {
  let said = "";
  let onSaid = () => {};
  const decoder = new TextDecoder();
  const env = { PATH: process.env.PATH ?? "", XDG_CONFIG_HOME: join(folder, "config"), NO_COLOR: "1" };
  const child = Bun.spawn([process.execPath, CLI, ...args], {
    cwd: folder,
    env,
    terminal: {
      cols: columns,
      rows: 24,
      data(_terminal, bytes) {
        said += decoder.decode(bytes, { stream: true });
        onSaid();
      },
    },
  });
  running.add(child);
  const { terminal } = child;
  if (terminal === undefined) throw new Error("there is no terminal");
  return {
    child,
    text: () => said,
    type: (keys: string) => void terminal.write(keys),
    /** Resolves when it has said so; the test's own limit bounds it. */
    says: (what: RegExp) =>
      new Promise<void>((resolve) => {
        onSaid = () => {
          if (what.test(said)) resolve();
        };
        onSaid();
      }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      terminal.close();
      running.delete(child);
    },
  };
}

const run = (args: readonly string[], env: Record<string, string> = {}) => start(args, env).ended;

const connected = (...args: string[]) => [...args, "--server", `127.0.0.1:${server.port}`, "--token", "test-token"];

const lastLine = (text: string) => JSON.parse(text.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;

describe("usage", () => {
  test("--version, --help, help of each command", async () => {
    expect(await run(["--version"])).toMatchObject({ exitCode: 0, stdout: `ffcluster ${VERSION}\n` });
    const help = await run(["--help"]);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    for (const word of ["serve", "join", "submit INPUT", "jobs download ID", "doctor"])
      expect(help.stdout).toContain(word);
    const submit = await run(["submit", "--help"]);
    expect(submit.exitCode).toBe(0);
    for (const word of ["--ffmpeg-params", "EXAMPLES", "FFCLUSTER_"]) expect(submit.stdout).toContain(word);
    expect((await run(["jobs", "--help"])).stdout).toContain("jobs proof ID");
  });

  test("no command prints the help on stderr, exit 2", async () => {
    const ended = await run([]);
    expect(ended).toMatchObject({ exitCode: 2, stdout: "" });
    expect(ended.stderr).toContain("USAGE");
  });

  const refused: [string[], string, RegExp][] = [
    [["serv"], "E_USAGE", /Did you mean `ffcluster serve`/],
    [["jobs"], "E_USAGE", /ffcluster jobs --help/],
    [["jobs", "lst"], "E_USAGE", /Did you mean `ffcluster jobs list`/],
    [["--json", "jobs", "list"], "E_USAGE", /command first/],
    [["submit"], "E_USAGE", /submit --help/],
    [["jobs", "show"], "E_USAGE", /./],
    [["jobs", "list", "extra"], "E_USAGE", /./],
    [["serve", "--prot", "1"], "E_BAD_OPTION", /Did you mean --port/],
    [["serve", "--port", "seventy"], "E_BAD_OPTION", /./],
    [["serve", "--port"], "E_BAD_OPTION", /./],
    [["serve", "--exactly=maybe"], "E_BAD_OPTION", /./],
    [["submit", "in.mp4", "-y"], "E_BAD_OPTION", /^Did you mean --force\?/],
    [["probe", "in.mp4", "--server", "x"], "E_BAD_OPTION", /^`ffcluster probe --help`/],
    [["jobs", "show", ""], "E_USAGE", /jobs show --help/],
    [["join", "--slots", "0"], "E_BAD_OPTION", /./],
    [["join", "--path-map", "nothing"], "E_BAD_OPTION", /./],
    [["jobs", "list", "--server", "http://x/y"], "E_BAD_OPTION", /host:port/],
    [["submit", "in.mp4", "--detach", "--participate"], "E_USAGE", /./],
    [["serve", "--ffmpeg-params", "-c:v nope"], "E_ENCODE_REQUEST", /./],
  ];
  for (const [args, code, hint] of refused) {
    test(`${args.join(" ")}: exit 2, ${code}`, async () => {
      const ended = await run([...args, "--json"]);
      expect(ended.exitCode).toBe(2);
      const { error } = lastLine(ended.stdout) as { error: { code: string; hint: string } };
      expect(error.code).toBe(code);
      expect(error.hint).toMatch(hint);
      expect(ended.stderr).toBe("");
    });
  }

  test("without --json a failure is two lines on stderr", async () => {
    const { stdout, stderr } = await run(["serve", "--port", "seventy"]);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      'error: --port is "seventy": expected a whole number from 0 to 65535\nhint: `ffcluster serve --help` shows valid values.\n',
    );
  });

  test("a server that can't start says why and leaves the token of the one that runs", async () => {
    const tokens = join(folder, "config", "ffcluster", "tokens.json");
    await mkdir(join(tokens, ".."), { recursive: true });
    await writeFile(tokens, JSON.stringify({ [`127.0.0.1:${server.port}`]: "of the one that runs" }));
    const ended = await run(["serve", "--host", "127.0.0.1", "--port", String(server.port), "--json"]);
    expect(ended.exitCode).toBe(1);
    expect(lastLine(ended.stdout)).toMatchObject({ error: { code: "E_PORT" } });
    expect(await Bun.file(tokens).json()).toEqual({ [`127.0.0.1:${server.port}`]: "of the one that runs" });
    expect(await Bun.file(join(folder, "work", "token")).exists()).toBe(false);
  });

  test.skipIf(process.platform !== "linux")("an answer that can't be written is a failure in one line", async () => {
    const program = ["sh", "-c", 'exec "$0" "$@" >/dev/full', process.execPath, CLI, "--version"];
    const child = Bun.spawn(program, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    const stderr = await new Response(child.stderr).text();
    expect(await child.exited).toBe(1);
    expect(stderr).toMatch(/^error: the answer could not be written: .*\n$/);
  });

  test("an unknown key of the config file is refused with the file's name", async () => {
    await writeFile(join(folder, "ffcluster.config.json"), '{"requiredClient": 2}');
    const ended = await run(["jobs", "list"]);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain("ffcluster.config.json");
    expect(ended.stderr).toContain("required-clients");
  });
});

describe("reading commands", () => {
  test("address and token from the config file, the environment and the remembered tokens", async () => {
    coordinator.addJob({ file_name: "a.mp4" });
    const address = `127.0.0.1:${server.port}`;
    await writeFile(join(folder, "ffcluster.config.json"), JSON.stringify({ server: address, token: "test-token" }));
    const listed = await run(["jobs", "list", "--json"]);
    expect(listed.exitCode).toBe(0);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ file_name: "a.mp4" }]);
    expect((await run(["jobs", "list"], { FFCLUSTER_TOKEN: "wrong" })).exitCode).toBe(4);
    await rm(join(folder, "ffcluster.config.json"));
    expect((await run(["jobs", "list", "--server", address])).exitCode).toBe(4);
    await mkdir(join(folder, "config", "ffcluster"), { recursive: true });
    await writeFile(join(folder, "config", "ffcluster", "tokens.json"), JSON.stringify({ [address]: "test-token" }));
    const table = await run(["jobs", "list", "--server", `http://${address}`]);
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toContain("a.mp4");
    expect(table.stdout).not.toContain("\u001b");
  });

  test("a long answer arrives whole through a pipe", async () => {
    for (let count = 0; count < 3000; count++) coordinator.addJob({ file_name: `${count}.mp4` });
    const listed = await run(connected("jobs", "list", "--json"));
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout.length).toBeGreaterThan(1_000_000);
    expect(JSON.parse(listed.stdout)).toHaveLength(3000);
  });

  test("show, proof, clients, cancel; unknown ids exit 1", async () => {
    const job = coordinator.addJob();
    const client = coordinator.addClient();
    const show = await run(connected("jobs", "show", job.job_id.slice(0, 8), "--json"));
    expect(JSON.parse(show.stdout)).toMatchObject({ job_id: job.job_id, events: [{ seq: 1 }, { seq: 2 }] });
    expect((await run(connected("jobs", "show", job.job_id))).stdout).toContain(job.job_id);
    expect((await run(connected("jobs", "proof", job.job_id))).exitCode).toBe(1);
    const clients = await run(connected("clients", "list", "--json"));
    expect(JSON.parse(clients.stdout)).toMatchObject([{ client_id: client.client_id }]);
    expect((await run(connected("clients", "show", client.client_id))).stdout).toContain("libx264");
    expect((await run(connected("cancel", job.job_id))).stdout).toContain("cancelled");
    const unknown = await run(connected("jobs", "show", "ffffffff", "--json"));
    expect(unknown.exitCode).toBe(1);
    expect(lastLine(unknown.stdout)).toMatchObject({ error: { code: "E_UNKNOWN_ID" } });
    expect(unknown.stdout).toContain(`ffcluster jobs list --server 127.0.0.1:${server.port}`);
    const none = await run(connected("jobs", "list", "--status", "Failed"));
    expect(none).toMatchObject({ exitCode: 0, stdout: "", stderr: "No job is Failed.\n" });
  });

  test("download: checked, never over a file, never under another container's name", async () => {
    const job = coordinator.addJob();
    expect((await run(connected("jobs", "download", job.job_id))).exitCode).toBe(1);
    await coordinator.complete(job.job_id, new Uint8Array(300_000).fill(7));
    const wrong = await run(connected("jobs", "download", job.job_id, "-o", "x.mkv"));
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain(".mp4");
    expect((await run(connected("jobs", "download", job.job_id, "-o", "x.mp4"))).exitCode).toBe(0);
    expect(await Bun.file(join(folder, "x.mp4")).bytes()).toEqual(new Uint8Array(300_000).fill(7));
    expect((await run(connected("jobs", "download", job.job_id, "-o", "x.mp4"))).exitCode).toBe(2);
    expect((await run(connected("jobs", "download", job.job_id, "-o", "x.mp4", "--force"))).exitCode).toBe(0);
    expect(await readdir(folder)).toEqual(["x.mp4"]);
  });

  test("watch ends with the job: 0 when complete, 3 when it fails", async () => {
    const job = coordinator.addJob();
    await coordinator.complete(job.job_id, new Uint8Array(3));
    const watched = await run(connected("jobs", "watch", job.job_id, "--json"));
    expect(watched.exitCode).toBe(0);
    expect(lastLine(watched.stdout)).toMatchObject({ event: "completed", job_id: job.job_id });
    const error = { code: "E_ENCODE_FAILED", message: "ffmpeg says no", hint: "Ask it." } as const;
    const bad = coordinator.addJob({ status: "Failed", error });
    const failed = await run(connected("jobs", "watch", bad.job_id));
    expect(failed).toMatchObject({ exitCode: 3, stderr: "error: ffmpeg says no\nhint: Ask it.\n" });
    const lasting = coordinator.addJob();
    const before = coordinator.watcherCount;
    const watching = start(connected("jobs", "watch", lasting.job_id, "--json"));
    while (coordinator.watcherCount === before) await Bun.sleep(5);
    watching.child.kill("SIGINT");
    const left = await watching.ended;
    expect(left.exitCode).toBe(130);
    expect(lastLine(left.stdout)).toMatchObject({ event: "interrupted", job_id: lasting.job_id });
    expect(left.stdout).toContain(`job ${lasting.job_id} continues`);
  });
});

describe("submit", () => {
  beforeEach(() => writeFile(join(folder, "in.mp4"), "0123456789"));

  test("in place on this machine: events, the file, the proof", async () => {
    coordinator.onJob = (job) => void coordinator.complete(job.job_id, new Uint8Array(5000).fill(1));
    const ended = await run(connected("submit", "in.mp4", "-o", "out.mp4", "--json", "--required-clients", "2"));
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    const events = ended.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string });
    expect(events[0]).toMatchObject({ event: "submitted" });
    expect(events.at(-1)).toMatchObject({
      event: "completed",
      output: join(folder, "out.mp4"),
      proof: { exact: true },
    });
    expect(coordinator.requests).toMatchObject([{ outputName: "out.mp4", requiredClients: 2, ffmpegParams: null }]);
    expect(await Bun.file(join(folder, "out.mp4")).bytes()).toEqual(new Uint8Array(5000).fill(1));
    expect(await readdir(folder)).toEqual(["in.mp4", "out.mp4"]);
  });

  test("without -o the server's name in the current folder; --detach only prints the id", async () => {
    coordinator.onJob = (job) => void coordinator.complete(job.job_id, new Uint8Array(5));
    const ended = await run(connected("submit", "in.mp4"));
    expect(ended).toMatchObject({ exitCode: 0, stdout: `${join(folder, "in.ffcluster.mp4")}\n` });
    await mkdir(join(folder, "results"));
    const inFolder = await run(connected("submit", "in.mp4", "-o", "results"));
    expect(inFolder).toMatchObject({ exitCode: 0, stdout: `${join(folder, "results", "in.ffcluster.mp4")}\n` });
    const nowhere = await run(connected("submit", "in.mp4", "-o", "none/"));
    expect(nowhere.stderr).toContain(`the folder ${join(folder, "none")} does not exist`);
    const detached = await run(connected("submit", "in.mp4", "--detach", "--json"));
    expect(lastLine(detached.stdout)).toMatchObject({ event: "submitted", job_id: expect.any(String) });
  });

  test("to a server that does not see the file: looked into here, then uploaded", async () => {
    coordinator.sharesFiles = false;
    coordinator.onJob = (job) => void coordinator.complete(job.job_id, new Uint8Array(5));
    const before = coordinator.sources.size;
    const text = await run(connected("submit", "in.mp4", "--json"));
    expect(text.exitCode).toBe(1);
    expect(lastLine(text.stdout)).toMatchObject({ error: { code: "E_SOURCE_REFUSED" } });
    expect(coordinator.sources.size).toBe(before);
    const clip = join(import.meta.dir, "../test/fixtures/media/audio-shorter.mp4");
    const soundAlone = await run(connected("submit", clip, "--ffmpeg-params", "-map 0:a", "--json"));
    expect(lastLine(soundAlone.stdout)).toMatchObject({ error: { code: "E_ENCODE_REQUEST" } });
    expect(coordinator.sources.size).toBe(before);
    const ended = await run(connected("submit", clip, "-o", "out.mp4"));
    expect(ended.exitCode).toBe(0);
    expect([...coordinator.sources.values()].at(-1)?.content).toEqual(await Bun.file(clip).bytes());
  });

  test("--on-server names a path there", async () => {
    const ended = await run(connected("submit", "films/a.mp4", "--on-server", "--detach"));
    expect(ended.exitCode).toBe(0);
    expect([...coordinator.jobs.values()]).toMatchObject([{ job_id: ended.stdout.trim(), file_name: "films/a.mp4" }]);
  });

  test("a job that fails is exit 3 with its own words", async () => {
    const error = { code: "E_SOURCE_CHANGED", message: "it changed", hint: "Leave it." } as const;
    coordinator.onJob = (job) => coordinator.update(job.job_id, { status: "Failed", error });
    const ended = await run(connected("submit", "in.mp4", "--json"));
    expect(ended.exitCode).toBe(3);
    expect(lastLine(ended.stdout)).toMatchObject({ event: "failed", job_id: expect.any(String), error });
    coordinator.onJob = (job) => coordinator.update(job.job_id, { status: "Cancelled" });
    const cancelled = await run(connected("submit", "in.mp4", "--json"));
    expect(cancelled.exitCode).toBe(3);
    expect(lastLine(cancelled.stdout)).toMatchObject({ event: "cancelled", error: { code: "E_JOB_CANCELLED" } });
  });

  const refused: [string, string[], number, string][] = [
    ["a missing file", ["none.mp4"], 1, "E_SOURCE_MISSING"],
    ["an empty file", ["empty.mp4"], 1, "E_SOURCE_EMPTY"],
    ["a folder", ["."], 1, "E_SOURCE_REFUSED"],
    ["an output that exists", ["in.mp4", "-o", "empty.mp4"], 2, "E_OUTPUT_EXISTS"],
    ["the input as output", ["in.mp4", "-o", "in.mp4", "--force"], 2, "E_OUTPUT_EXISTS"],
    ["an output folder that is not there", ["in.mp4", "-o", "no/out.mp4"], 2, "E_USAGE"],
    ["an output with too long a name", ["in.mp4", "-o", `${"x".repeat(300)}.mp4`], 2, "E_USAGE"],
    ["an unknown container", ["in.mp4", "-o", "out.xyz"], 2, "E_CONTAINER"],
    ["a refused request", ["in.mp4", "--ffmpeg-params", "-attach x"], 2, "E_ENCODE_REQUEST"],
  ];
  for (const [name, args, exitCode, code] of refused) {
    test(`${name} is refused before anything is sent: exit ${exitCode}`, async () => {
      await writeFile(join(folder, "empty.mp4"), "");
      const before = coordinator.sources.size;
      const ended = await run(connected("submit", ...args, "--json"));
      expect(lastLine(ended.stdout)).toMatchObject({ event: "failed", error: { code } });
      expect(ended.exitCode).toBe(exitCode);
      expect(coordinator.sources.size).toBe(before);
      expect(coordinator.requests).toEqual([]);
    });
  }

  test("no server: exit 4 with the line that starts one; a wrong token: exit 4", async () => {
    const free = Bun.serve({ port: 0, fetch: () => new Response("") });
    const port = free.port;
    await free.stop(true);
    const alone = await run(["submit", "in.mp4", "--server", `127.0.0.1:${port}`]);
    expect(alone.exitCode).toBe(4);
    expect(alone.stderr).toContain(`ffcluster serve --port ${port}`);
    const wrong = await run(["submit", "in.mp4", "--server", `127.0.0.1:${server.port}`, "--token", "wrong", "--json"]);
    expect(wrong.exitCode).toBe(4);
    expect(lastLine(wrong.stdout)).toMatchObject({ error: { code: "E_TOKEN" } });
  });

  test.skipIf(process.platform === "win32")(
    "join is told of a wrong token while it still tries its encoders",
    async () => {
      const tools = join(folder, "tools");
      await mkdir(tools);
      const real = Bun.which("ffmpeg") ?? "";
      const hanging = `#!/bin/sh\ncase "$*" in *-encoders*) exec sleep 300 ;; esac\nexec "${real}" "$@"\n`;
      await writeFile(join(tools, "ffmpeg"), hanging, { mode: 0o755 });
      await symlink(Bun.which("ffprobe") ?? "", join(tools, "ffprobe"));
      const where = ["--server", `127.0.0.1:${server.port}`, "--token", "wrong"];
      const ended = await run(["join", ...where], { FFCLUSTER_FFMPEG_DIR: tools });
      expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({
        exitCode: 4,
        stderr: expect.stringContaining(`the server at 127.0.0.1:${server.port} refuses the token`),
      });
    },
  );

  test("Ctrl-C leaves the job running: exit 130", async () => {
    const taken = Promise.withResolvers<string>();
    coordinator.onJob = (job) => taken.resolve(job.job_id);
    const submit = start(connected("submit", "in.mp4"));
    const jobId = await taken.promise;
    while (coordinator.watcherCount === 0) await Bun.sleep(5);
    submit.child.kill("SIGINT");
    const ended = await submit.ended;
    expect(ended.exitCode).toBe(130);
    expect(ended.stderr).toContain(`job ${jobId} continues`);
    expect(coordinator.job(jobId).status).toBe("Queued");
  });

  test("Ctrl-C on a terminal asks; a second one ends at once and says how to follow and to cancel the job", async () => {
    await using submit = onTerminal(connected("submit", "in.mp4"));
    await submit.says(/WaitingForClients|Queued/);
    submit.type(CTRL_C);
    await submit.says(/Cancel the job, or leave it running/);
    submit.type(CTRL_C);
    expect(await submit.child.exited).toBe(130);
    const [id = ""] = [...coordinator.jobs.keys()];
    await submit.says(new RegExp(`error: interrupted; job ${id} continues`));
    for (const command of ["jobs watch", "jobs download", "cancel"])
      await submit.says(new RegExp(`ffcluster ${command} ${id.slice(0, 8)} --server 127.0.0.1:${server.port}`));
    expect(coordinator.job(id).status).toBe("Queued");
  });

  test("Ctrl-C while the server takes the job waits for its answer; a second one says where to look for it", async () => {
    const answer = Promise.withResolvers<void>();
    coordinator.onJob = () => answer.promise;
    const patient = start(connected("submit", "in.mp4"));
    while (coordinator.jobs.size < 1) await Bun.sleep(5);
    patient.child.kill("SIGHUP");
    patient.child.kill("SIGHUP"); // from the terminal and from its shell: not a second wish
    {
      await using hasty = onTerminal(connected("submit", "in.mp4"));
      while (coordinator.jobs.size < 2) await Bun.sleep(5);
      hasty.type(CTRL_C);
      await hasty.says(/Press Ctrl-C again to end at once/);
      hasty.type(CTRL_C);
      expect(await hasty.child.exited).toBe(130);
      await hasty.says(new RegExp(`ffcluster jobs list --server 127.0.0.1:${server.port}`));
    }
    answer.resolve();
    const ended = await patient.ended;
    expect(ended.exitCode).toBe(130);
    expect(ended.stderr).toMatch(/job [0-9a-f-]{36} continues/);
  });
});

test("a work directory that can't be: exit 1, told as that by serve, join and submit --participate", async () => {
  await writeFile(join(folder, "in.mp4"), "0123456789");
  for (const command of [["serve", "--port", "0"], connected("join"), connected("submit", "in.mp4", "--participate")]) {
    const ended = await run([...command, "--work-dir", "in.mp4"]);
    expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/the work directory .*in\.mp4 cannot be made \(\w+\)\nhint: .*--work-dir/),
    });
  }
  expect(coordinator.jobs.size).toBe(0);
});

describe("serve", () => {
  interface Ready {
    readonly url: string;
    readonly port: number;
  }

  /** Starts a real server and reads its ready line. */
  const serve = (...args: string[]) => serveUnder([], ...args);

  /** The same, started by another command. */
  async function serveUnder(under: readonly string[], ...args: string[]) {
    const program = [...under, process.execPath, CLI, "serve", "--host", "127.0.0.1", "--json", ...args];
    const child = Bun.spawn(program, {
      cwd: folder,
      env: { ...process.env, XDG_CONFIG_HOME: join(folder, "config"), FFCLUSTER_TOKEN: "" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    running.add(child);
    const stderr = new Response(child.stderr).text();
    const ready = Promise.withResolvers<Ready>();
    const drained = forEachLine(child.stdout, (line) => ready.resolve(JSON.parse(line) as Ready));
    void drained.then(async () => ready.reject(new Error(`it ended: ${await stderr}`)));
    const stop = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      const exitCode = await child.exited;
      running.delete(child);
      return { exitCode, stderr: await stderr };
    };
    return { ...(await ready.promise), pid: child.pid, stop };
  }

  test("a terminal that is closed ends it like SIGTERM, however often it is said; under nohup it lives on", async () => {
    const server = await serve("--port", "0");
    process.kill(server.pid, "SIGHUP");
    expect((await server.stop("SIGHUP")).exitCode).toBe(0);
    if (process.platform !== "linux") return;
    const lasting = await serveUnder(["nohup"], "--port", "0");
    process.kill(lasting.pid, "SIGHUP");
    const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(await Bun.file(`/proc/${lasting.pid}/status`).text())?.[1] ?? "";
    const isHealthy = (await fetch(`${lasting.url}/healthz`)).ok;
    expect((await lasting.stop("SIGTERM")).exitCode).toBe(0);
    expect(isHealthy).toBe(true);
    expect(BigInt(`0x${caught}`) & 1n).toBe(0n);
  });

  test("--port 0, a made token that local commands find, kept 0600, the join line; SIGTERM ends it with 0", async () => {
    const first = await serve("--port", "0", "--work-dir", "w");
    const token = (await Bun.file(join(folder, "w", "token")).text()).trim();
    const health = (await (await fetch(`${first.url}/healthz`)).json()) as { status: string };
    const listed = await run(["jobs", "list", "--json", "--server", `localhost:${first.port}`]);
    const invited = await run(["invite", "--server", `localhost:${first.port}`]);
    const taken = await run(["serve", "--host", "127.0.0.1", "--port", String(first.port)]);
    const locked = await run(["serve", "--port", "0", "--work-dir", "w", "--token", "another-token-of-24-chars"]);
    const stopped = await first.stop("SIGTERM");
    expect(health.status).toBe("ok");
    expect(listed).toMatchObject({ exitCode: 0, stdout: "[]\n" });
    expect(taken.exitCode).toBe(1);
    expect(taken.stderr).toContain("is in use");
    expect(taken.stderr).toContain(`another work folder of yours is in ${join(folder, "w")}. To go on`);
    expect(stopped.stderr).toContain("The files of a finished job, its output too, go 30 days after its end");
    expect(locked.exitCode).toBe(1);
    expect(locked.stderr).toMatch(/in use by ffcluster serve \(pid \d+ on host .*; this one \(pid \d+ on host /);
    expect(stopped.exitCode).toBe(0);
    const joinToken = (await Bun.file(join(folder, "w", "join-token")).text()).trim();
    const line = `ffcluster join --server 127.0.0.1:${first.port} --token ${joinToken}\n`;
    expect(stopped.stderr).toContain(line);
    expect(invited).toMatchObject({ exitCode: 0, stdout: line });
    expect(stopped.stderr).toContain(`ffcluster submit INPUT --server 127.0.0.1:${first.port} --token ${token}\n`);
    expect(joinToken).not.toBe(token);
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    for (const path of [
      join(folder, "w", "token"),
      join(folder, "w", "join-token"),
      join(folder, "config", "ffcluster", "tokens.json"),
    ]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    const modeOf = async (...path: string[]) => (await stat(join(folder, "w", ...path))).mode & 0o777;
    expect(await Promise.all([modeOf(), modeOf("server"), modeOf("db")])).toEqual([0o700, 0o700, 0o700]);
    expect(await modeOf("db", "server.db")).toBe(0o600);
    // The time after which files go was nobody's choice, so it counts from here.
    expect(await modeOf("db", "kept-since")).toBe(0o600);

    const again = await serve("--port", "0", "--work-dir", "w");
    const interrupted = await again.stop("SIGINT");
    expect(interrupted.exitCode).toBe(130);
    expect(interrupted.stderr).toContain(token);
    expect(interrupted.stderr).toContain(joinToken);
  });
});
