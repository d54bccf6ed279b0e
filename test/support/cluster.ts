// A real cluster on this machine: the compiled executable as separate processes, in a temporary folder.
// Every process is ended by its own id; one that outlives its test makes the test fail.
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { forEachLine } from "../../src/base/process/output.ts";
import type { ClientView, JobDetailView, JobView } from "../../src/cluster/server/views.ts";
import { withKeptEncoders } from "./kept-encoders.ts";
import { giveKeptLists, keepLists } from "./kept-lists.ts";

export const EXECUTABLE = resolve(
  import.meta.dir,
  "../../dist",
  process.platform === "win32" ? "ffcluster.exe" : "ffcluster",
);
const STARTED_WITHIN_MS = 60_000;
/** What an ended program has said is in its pipes. */
const READ_WITHIN_MS = 10_000;
/** Between two looks at what is waited for; each costs a millisecond of processor time, and several tests wait at a time. */
const PAUSE_MS = 40;
/** For an end, which does not pass. */
const END_PAUSE_MS = 150;

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly name: string;
  readonly exited: Promise<number>;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
}

export interface ServerOptions {
  readonly args?: readonly string[];
  readonly workDir?: string;
  readonly env?: Record<string, string>;
}

export interface ProgramOptions {
  /** What starts the executable of another platform, where this machine can run it. */
  readonly command?: readonly string[];
  /** Where it is emulated, patience. */
  readonly startedWithinMs?: number;
}

interface Joining {
  readonly address: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly under?: readonly string[];
  readonly command?: readonly string[];
  readonly isKnown: (client: ClientView) => boolean;
}

export class Cluster implements AsyncDisposable {
  readonly folder: string;
  readonly token = "test-token-0123456789abcdef";
  #port: number;
  #hasServed = false;
  /** A server was started with another ffmpeg than the tests'. */
  #hasOwnFfmpeg = false;
  readonly #running = new Set<Running>();
  readonly #command: readonly string[];
  readonly #startedWithinMs: number;

  private constructor(folder: string, port: number, { command, startedWithinMs }: ProgramOptions) {
    this.folder = folder;
    this.#port = port;
    this.#command = command ?? [EXECUTABLE];
    this.#startedWithinMs = startedWithinMs ?? STARTED_WITHIN_MS;
  }

  /** The same from the first `serve` on, also for a server that takes the place of another. */
  get port(): number {
    return this.#port;
  }

  static async make(program: ProgramOptions = {}): Promise<Cluster> {
    return new Cluster(await mkdtemp(join(tmpdir(), "ffcluster-test-")), await freePort(), program);
  }

  get workDir(): string {
    return join(this.folder, "server-work");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Processes of this name that run now. */
  running(name: string): Running[] {
    return [...this.#running].filter((running) => running.name === name);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  #env(extra: Record<string, string> = {}): Record<string, string> {
    const env: Record<string, string> = {};
    for (const [key, value] of Object.entries(process.env)) {
      if (value !== undefined && !/^(FFCLUSTER_(?!FFMPEG_DIR)|BUN_|XDG_)/.test(key)) env[key] = value;
    }
    return { ...env, XDG_CONFIG_HOME: join(this.folder, "config"), NO_COLOR: "1", ...extra };
  }

  /** Starts the executable and lets it run; `under`: a command that starts it, such as one for a namespace. */
  start(
    name: string,
    args: readonly string[],
    env: Record<string, string> = {},
    under: readonly string[] = [],
    command: readonly string[] = this.#command,
  ): Running {
    const child = Bun.spawn([...under, ...command, ...args], {
      cwd: this.folder,
      env: this.#env(env),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const out: string[] = [];
    const err: string[] = [];
    const drained = Promise.all([
      forEachLine(child.stdout, (line) => out.push(line)),
      forEachLine(child.stderr, (line) => err.push(line)),
    ]);
    const running: Running = {
      pid: child.pid,
      name,
      exited: endOf(child.exited, drained),
      stdout: () => out.join("\n"),
      stderr: () => err.join("\n"),
      kill: (signal) => child.kill(signal),
    };
    this.#running.add(running);
    void running.exited.then(() => this.#running.delete(running));
    return running;
  }

  /** Runs the executable to its end. */
  async run(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
    const running = this.start(args[0] ?? "", args, env);
    const exitCode = await running.exited;
    return { exitCode, stdout: running.stdout(), stderr: running.stderr() };
  }

  /** Runs a command that talks to the server, with its address and token. */
  async command(args: readonly string[]): Promise<Ended> {
    return await this.run([...args, "--server", `127.0.0.1:${this.port}`, "--token", this.token]);
  }

  async json<T>(args: readonly string[]): Promise<T> {
    const ended = await this.command([...args, "--json"]);
    if (ended.exitCode !== 0)
      throw new Error(`${args.join(" ")}: exit ${ended.exitCode}\n${ended.stdout}\n${ended.stderr}`);
    return JSON.parse(ended.stdout) as T;
  }

  async serve(options: ServerOptions = {}): Promise<Running> {
    await giveKeptLists(options.workDir ?? this.workDir);
    for (;;) {
      const server = this.#startServer(options);
      try {
        await this.#startedOrDead(server, async () => (await fetch(`${this.url}/healthz`)).ok);
        this.#hasServed = true;
        return server;
      } catch (thrown) {
        // Somebody else took the port between its choice and its use.
        if (this.#hasServed || !/127\.0\.0\.1:\d+ is in use/.test(server.stderr())) throw thrown;
        this.#port = await freePort();
      }
    }
  }

  #startServer({ args = [], workDir = this.workDir, env }: ServerOptions): Running {
    const where = ["--host", "127.0.0.1", "--port", String(this.port), "--work-dir", workDir];
    if (env?.FFCLUSTER_FFMPEG_DIR !== undefined) this.#hasOwnFfmpeg = true;
    return this.start("serve", ["serve", ...where, "--token", this.token, ...args], env);
  }

  /** Starts a client with a work directory of its own and waits until the server knows it. */
  async join(name: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<Running> {
    const isKnown = ({ status }: ClientView) => status !== "Disconnected";
    return await this.#join({ address: `127.0.0.1:${this.port}`, name, args, env, isKnown });
  }

  /** As join, started by another command and with an address of its own for the server. */
  async joinThrough(
    under: readonly string[],
    address: string,
    name: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Running> {
    return await this.#join({ address, name, args, env, under, isKnown: () => true });
  }

  /** As join, by another executable than the cluster's. */
  async joinBy(
    command: readonly string[],
    name: string,
    args: readonly string[],
    env: Record<string, string>,
  ): Promise<Running> {
    const isKnown = ({ status }: ClientView) => status !== "Disconnected";
    return await this.#join({ address: `127.0.0.1:${this.port}`, name, args, env, command, isKnown });
  }

  async #join({ address, name, args, env, under, command, isKnown }: Joining): Promise<Running> {
    const workDir = join(this.folder, `${name}-work`);
    const own = ["join", "--server", address, "--token", this.token, "--name", name, "--work-dir", workDir];
    return await withKeptEncoders(workDir, env, async () => {
      const client = this.start(name, [...own, ...args], env, under, command);
      await this.#startedOrDead(client, async () => {
        return (await this.clients()).some((known) => known.name === name && isKnown(known));
      });
      return client;
    });
  }

  async #startedOrDead(running: Running, isReady: () => Promise<boolean>): Promise<void> {
    let isDead = false;
    void running.exited.then(() => {
      isDead = true;
    });
    await until(`${running.name} is ready`, this.#startedWithinMs, async () => {
      if (isDead) throw new Error(`${running.name} ended:\n${running.stdout()}\n${running.stderr()}`);
      return await isReady().catch(() => false);
    });
  }

  /** A GET of the API, for tests that watch a job from outside. */
  async api<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, { headers: { authorization: `Bearer ${this.token}` } });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** A job of a source that the server has; its id. */
  async createJob(sourceId: string, params: string, outputName: string): Promise<string> {
    const response = await fetch(`${this.url}/api/v1/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: JSON.stringify({ source_id: sourceId, ffmpeg_params: params, output_name: outputName }),
    });
    if (!response.ok) throw new Error(`POST /jobs: ${response.status} ${await response.text()}`);
    return ((await response.json()) as JobView).job_id;
  }

  clients(): Promise<ClientView[]> {
    return this.api("/clients");
  }

  job(jobId: string): Promise<JobView> {
    return this.api(`/jobs/${jobId}`);
  }

  jobDetail(jobId: string): Promise<JobDetailView> {
    return this.api(`/jobs/${jobId}/detail`);
  }

  /** Waits for a state of a job; fails at once when the job ends otherwise. */
  async untilJob(
    jobId: string,
    what: string,
    boundMs: number,
    holds: (job: JobView) => boolean,
    pauseMs = PAUSE_MS,
  ): Promise<JobView> {
    let last: JobView | null = null;
    const look = async () => {
      last = await this.job(jobId).catch(() => null); // the server may be down on purpose
      if (last === null) return false;
      if (!holds(last) && ["Completed", "Failed", "Cancelled"].includes(last.status)) {
        throw new Error(`job is ${last.status} while waiting for: ${what}: ${JSON.stringify(last.error)}`);
      }
      return holds(last);
    };
    await until(`job ${what}`, boundMs, look, pauseMs);
    if (last === null) throw new Error("unreachable");
    return last;
  }

  async untilComplete(jobId: string, boundMs: number): Promise<JobView> {
    return await this.untilJob(jobId, "is complete", boundMs, ({ status }) => status === "Completed", END_PAUSE_MS);
  }

  /** `submit --detach`; the job's id. */
  async submit(input: string, output: string, params: string, extra: readonly string[] = []): Promise<string> {
    const ended = await this.command([
      "submit",
      input,
      "-o",
      output,
      "--ffmpeg-params",
      params,
      "--detach",
      "--json",
      ...extra,
    ]);
    const last = ended.stdout.trim().split("\n").at(-1) ?? "";
    if (ended.exitCode !== 0) throw new Error(`submit: exit ${ended.exitCode}\n${ended.stdout}\n${ended.stderr}`);
    return (JSON.parse(last) as { job_id: string }).job_id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = [...this.#running];
    for (const running of left) running.kill("SIGKILL");
    await Promise.all(left.map((running) => running.exited));
    await until(
      `no process of the test is left in ${this.folder}`,
      15_000,
      async () => (await processesUsing(this.folder)).length === 0,
    );
    if (!this.#hasOwnFfmpeg) await keepLists(this.workDir);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * The exit code, once what it said is read. A console of wine's can hold the output of a killed program open for minutes,
 * where it was killed while it started another: what it said lies there by then.
 */
async function endOf(exited: Promise<number>, drained: Promise<unknown>): Promise<number> {
  const exitCode = await exited;
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, READ_WITHIN_MS);
  await Promise.race([drained, late.promise]);
  clearTimeout(timer);
  return exitCode;
}

/** Polls until `holds`, at most `boundMs`. */
export async function until(
  what: string,
  boundMs: number,
  holds: () => Promise<boolean>,
  pauseMs = PAUSE_MS,
): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** The names of the files that an ffmpeg or ffprobe has open: its input is given to it open (Linux). */
async function openFiles(pid: number, command: string): Promise<string[]> {
  if (!/ffmpeg|ffprobe/.test(command)) return [];
  const folder = `/proc/${pid}/fd`;
  const numbers = await readdir(folder).catch(() => []); // it may have just ended
  return await Promise.all(numbers.map((number) => readlink(join(folder, number)).catch(() => "")));
}

interface LiveProcess {
  readonly pid: number;
  readonly command: string;
}

/** Live processes whose command line mentions `text` (Linux). */
export async function processesNaming(text: string): Promise<LiveProcess[]> {
  return (await liveProcesses()).filter(({ command }) => command.includes(text));
}

/** Live processes whose command line, or an open file of theirs, mentions `text` (Linux); `command` has both. */
export async function processesUsing(text: string): Promise<LiveProcess[]> {
  const described = (await liveProcesses()).map(async ({ pid, command }) => {
    return { pid, command: [command, ...(await openFiles(pid, command))].join(" ") };
  });
  return (await Promise.all(described)).filter(({ command }) => command.includes(text));
}

async function liveProcesses(): Promise<LiveProcess[]> {
  if (process.platform !== "linux") return [];
  const found: LiveProcess[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => ""); // it may have just ended
    if (command !== "") found.push({ pid: Number(entry), command: command.replaceAll("\0", " ") });
  }
  return found;
}
