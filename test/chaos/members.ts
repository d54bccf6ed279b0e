// The processes of a chaos run: a server that can die and come back, and clients behind proxies that can be killed,
// frozen, cut off and given a wrong ffmpeg.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../src/base/errors.ts";
import type { Cluster, Running } from "../support/cluster.ts";
import { giveKeptEncoders } from "../support/kept-encoders.ts";
import type { SmallDisk } from "../support/small-disk.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import type { WrongFfmpeg } from "../support/wrong-ffmpeg.ts";

const SERVER_ARGS = [
  ...["--benchmark-duration", "1", "--max-segment-duration", "1", "--retry-delay", "0.2"],
  // Every accident may count against a segment; none of them is the segment's fault.
  ...["--max-retries", "50", "--chunk-size", "16384"],
];

export class Member {
  running: Running | null = null;
  readonly #start: () => Promise<Running>;

  constructor(start: () => Promise<Running>) {
    this.#start = start;
  }

  /** Also when it has ended by itself, as a server without room for its database does. */
  async start(): Promise<void> {
    if (this.running !== null) return;
    const running = await this.#start();
    this.running = running;
    void running.exited.then(() => {
      if (this.running === running) this.running = null;
    });
  }

  /** SIGTERM, as a service manager does. */
  async stop(): Promise<void> {
    const { running } = this;
    running?.kill("SIGTERM");
    await running?.exited;
  }

  async kill(): Promise<void> {
    const { running } = this;
    this.running = null;
    if (running === null) return;
    running.kill("SIGCONT");
    running.kill("SIGKILL");
    await running.exited;
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.running?.kill(name);
  }
}

export interface ClientMember extends Member {
  readonly name: string;
  /** What it writes to; null where no small one can be had. */
  readonly disk: SmallDisk | null;
  readonly proxy: TcpProxy;
  readonly wrong: WrongFfmpeg;
  readonly workDir: string;
}

/** What all processes of a run live by. */
export interface Surroundings {
  readonly cluster: Cluster;
  readonly env: Record<string, string>;
}

export function serverMember({ cluster, env }: Surroundings): Member {
  return new Member(() => cluster.serve({ args: SERVER_ARGS, env }));
}

export async function clientMember(
  { cluster, env, random }: Surroundings & { readonly random: () => number },
  name: string,
  wrong: WrongFfmpeg,
  disk: ((folder: string) => SmallDisk) | null,
): Promise<ClientMember> {
  const proxy = await TcpProxy.open(() => cluster.port, random);
  const workDir = join(cluster.folder, `${name}-work`);
  const member = new Member(async () => {
    await giveKeptEncoders(workDir, wrong.env);
    return cluster.start(
      name,
      [
        ...["join", "--server", `127.0.0.1:${proxy.port}`, "--token", cluster.token, "--name", name],
        ...["--work-dir", workDir, "--slots", "1", "--source-access", "gateway"],
        ...["--reconnect-delay", "0.3", "--stall-timeout", "3"],
      ],
      { ...env, ...wrong.env },
    );
  });
  return Object.assign(member, { name, proxy, wrong, workDir, disk: disk?.(workDir) ?? null });
}

/** Stops one ffmpeg that encodes for a client, for good; false when none runs. */
export async function freezeEncoder(workDir: string): Promise<boolean> {
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => ""); // it may have just ended
    const [program = ""] = command.split("\0");
    if (!program.endsWith("ffmpeg") || !command.includes(`${workDir}/client/`)) continue;
    try {
      process.kill(Number(entry), "SIGSTOP");
      return true;
    } catch (thrown) {
      if (errnoOf(thrown) !== "ESRCH") throw thrown;
    }
  }
  return false;
}
