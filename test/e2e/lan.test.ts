// Two machines on a network of their own (namespaces of Linux): `ffcluster join` without an address finds the server, keeps
// to it when it moves, and joins no stranger.
import { expect, test } from "bun:test";
import { newId } from "../../src/base/ids.ts";
import { Cluster, until } from "../support/cluster.ts";
import { giveKeptEncoders } from "../support/kept-encoders.ts";

/** The first client tries every encoder, unless a test before this one has. */
const JOINED_WITHIN_MS = 150_000;

const isPossible = process.platform === "linux" && process.getuid?.() === 0 && hasNamespaces();
if (!isPossible) console.log("skipped: network namespaces need Linux, root and iproute2");

function command(...words: readonly string[]): boolean {
  return Bun.spawnSync([...words], { stdout: "ignore", stderr: "ignore" }).success;
}

function hasNamespaces(): boolean {
  if (Bun.which("ip") === null) return false;
  const name = `ffc-${newId().slice(0, 6)}`;
  const made = command("ip", "netns", "add", name);
  if (made) command("ip", "netns", "del", name);
  return made;
}

/** Two machines on one cable. */
class Lan implements Disposable {
  readonly server = `ffc-${newId().slice(0, 6)}`;
  readonly client = `ffc-${newId().slice(0, 6)}`;

  constructor() {
    const steps = [
      `netns add ${this.server}`,
      `netns add ${this.client}`,
      `link add eth0 netns ${this.server} type veth peer name eth0 netns ${this.client}`,
      `-n ${this.server} addr add 198.51.100.1/24 dev eth0`,
      `-n ${this.client} addr add 198.51.100.2/24 dev eth0`,
      ...[this.server, this.client].flatMap((name) => [`-n ${name} link set eth0 up`, `-n ${name} link set lo up`]),
    ];
    for (const step of steps) if (!command("ip", ...step.split(" "))) throw new Error(`failed: ip ${step}`);
  }

  moveServer(): void {
    command("ip", "-n", this.server, "addr", "del", "198.51.100.1/24", "dev", "eth0");
    command("ip", "-n", this.server, "addr", "add", "198.51.100.7/24", "dev", "eth0");
  }

  [Symbol.dispose](): void {
    for (const name of [this.server, this.client]) command("ip", "netns", "del", name);
  }
}

test.skipIf(!isPossible)(
  "a server is found by its certificate, at any address, and no stranger is joined",
  async () => {
    using lan = new Lan();
    await using cluster = await Cluster.make();
    const inside = (name: string) => ["ip", "netns", "exec", name];
    const serve = async () => {
      const args = ["serve", "--port", "5001", "--work-dir", cluster.workDir];
      const server = cluster.start("server", args, {}, inside(lan.server));
      await until("the server is ready", 60_000, async () => server.stderr().includes("Ready."));
      return server;
    };
    const join = (args: readonly string[], env: Record<string, string> = {}) =>
      cluster.start("client", ["join", "--work-dir", cluster.path("client"), ...args], env, inside(lan.client));
    const joined = async (args: readonly string[], address: string) => {
      const client = join(args);
      await until("it has joined", JOINED_WITHIN_MS, async () => client.stderr().includes("Connected to")).catch(
        (thrown) => {
          throw new Error(client.stderr(), { cause: thrown });
        },
      );
      expect(client.stderr()).toContain(`Joining ${address}:5001`);
      client.kill("SIGTERM");
      expect(await client.exited).toBe(0);
    };

    await giveKeptEncoders(cluster.path("client"), {});
    const server = await serve();
    const line = /ffcluster join --server \S+ (--token \S+) (--tls-fingerprint \S+)/.exec(server.stderr());
    const secrets = (line?.slice(1) ?? []).join(" ").split(" ");
    const stranger = join([], { XDG_CONFIG_HOME: cluster.path("another-user") });
    expect(await stranger.exited).toBe(2);
    expect(stranger.stderr()).toContain("at https://198.51.100.1:5001, which this machine does not know");

    await joined(secrets, "198.51.100.1");
    server.kill("SIGTERM");
    await server.exited;
    lan.moveServer();
    await serve();
    await joined([], "198.51.100.7");
  },
  400_000,
);
