// A real server from the sources as a process of its own: what it takes of memory and what it logs is its alone, and it
// can be given few file descriptors.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freePort } from "./cluster.ts";

const STARTED_WITHIN_MS = 90_000;
const CLI = resolve(import.meta.dir, "../../src/cli.ts");

export class ServerProcess implements AsyncDisposable {
  readonly token = "test-token-0123456789abcdef";
  readonly port: number;
  readonly workDir: string;
  readonly #folder: string;
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;
  #stderr = "";

  private constructor(folder: string, port: number, descriptors: number | null) {
    this.#folder = folder;
    this.port = port;
    this.workDir = join(folder, "work");
    const args = ["serve", "--host", "127.0.0.1", "--port", String(port), "--work-dir", this.workDir];
    const command = [process.execPath, CLI, ...args, "--token", this.token];
    const limited = ["sh", "-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...command];
    this.#child = Bun.spawn(descriptors === null ? command : limited, {
      cwd: folder,
      env: { ...process.env, XDG_CONFIG_HOME: join(folder, "config") },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
  }

  /** `descriptors`: the most that it may have open; null: as many as this process. */
  static async start(descriptors: number | null = null): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), "ffcluster-server-"));
    const server = new ServerProcess(folder, await freePort(), descriptors);
    const ready = Promise.withResolvers<void>();
    void server.#read(() => ready.resolve());
    const late = setTimeout(() => ready.reject(new Error(`it did not start: ${server.#stderr}`)), STARTED_WITHIN_MS);
    void server.#child.exited.then(() => ready.reject(new Error(`it ended: ${server.#stderr}`)));
    try {
      await ready.promise;
      return server;
    } catch (thrown) {
      await server[Symbol.asyncDispose]();
      throw thrown;
    } finally {
      clearTimeout(late);
    }
  }

  async #read(onReady: () => void): Promise<void> {
    for await (const chunk of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#stderr += chunk;
      if (this.#stderr.includes("Ready.")) onReady();
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get bearer(): { readonly authorization: string } {
    return { authorization: `Bearer ${this.token}` };
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  stderr(): string {
    return this.#stderr;
  }

  /** Resident memory in MiB (Linux). */
  async memoryMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  }

  async descriptors(): Promise<number> {
    return (await readdir(`/proc/${this.#child.pid}/fd`)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await this.#child.exited;
    clearTimeout(late);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
