// Real bad networks: a client in a network namespace of its own, behind a pair of virtual interfaces that `tc` throttles,
// delays or makes lossy, and that go down. Needs Linux, root and iproute2; runs with `npm run test:chaos`. A kernel
// without netem delays nothing: there the proxy does, and packets are lost by nftables or iptables; where these are
// missing too, the proxy holds chunks up as if they had been.
import { expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { newId } from "../../src/base/ids.ts";
import { LEASE_MS } from "../../src/cluster/protocol/messages.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

const isAsked = Number(process.env.CHAOS_MINUTES ?? "0") > 0;
const isPossible = process.platform === "linux" && process.getuid?.() === 0 && hasNamespaces();
if (!isAsked) console.log("skipped: bad networks are part of `npm run test:chaos`");
else if (!isPossible) console.log("skipped: network namespaces need Linux, root and iproute2");

function command(...words: readonly string[]): boolean {
  return Bun.spawnSync([...words], { stdout: "ignore", stderr: "ignore" }).success;
}

function hasNamespaces(): boolean {
  if (Bun.which("ip") === null || Bun.which("tc") === null) return false;
  const name = `ffc-${newId().slice(0, 6)}`;
  const made = command("ip", "netns", "add", name);
  if (made) command("ip", "netns", "del", name);
  return made;
}

/** A namespace with one way out, to the address that the proxy to the server listens on. */
class Namespace implements AsyncDisposable {
  readonly name = `ffc-${newId().slice(0, 6)}`;
  readonly #link = `v${this.name.slice(4)}`;
  /** Out of the range for documentation, which nobody routes. */
  readonly #subnet = `198.51.100`;

  constructor() {
    const steps = [
      ["ip", "netns", "add", this.name],
      ["ip", "link", "add", this.#link, "type", "veth", "peer", "name", "eth0", "netns", this.name],
      ["ip", "addr", "add", `${this.#subnet}.1/24`, "dev", this.#link],
      ["ip", "link", "set", this.#link, "up"],
      ["ip", "-n", this.name, "addr", "add", `${this.#subnet}.2/24`, "dev", "eth0"],
      ["ip", "-n", this.name, "link", "set", "eth0", "up"],
      ["ip", "-n", this.name, "link", "set", "lo", "up"],
    ];
    for (const step of steps) if (!command(...step)) throw new Error(`failed: ${step.join(" ")}`);
  }

  get hostAddress(): string {
    return `${this.#subnet}.1`;
  }

  /** Both ways; false when this kernel does not know the discipline. */
  shape(discipline: string): boolean {
    const words = discipline.split(" ");
    return (
      command("tc", "qdisc", "replace", "dev", this.#link, "root", ...words) &&
      command("tc", "-n", this.name, "qdisc", "replace", "dev", "eth0", "root", ...words)
    );
  }

  /** Drops so many packets in a hundred each way, at random; false when there is no tool for it. */
  lose(percent: number): boolean {
    const inside = ["ip", "netns", "exec", this.name];
    const chains = ["input", "output"];
    const drop = `numgen random mod 100 < ${percent} counter drop`.split(" ");
    const byNft = chains.map((hook) => [
      ["nft", "add", "chain", "inet", "loss", hook, `{ type filter hook ${hook} priority 0; }`],
      ["nft", "add", "rule", "inet", "loss", hook, ...drop],
    ]);
    const steps = [["nft", "add", "table", "inet", "loss"], ...byNft.flat()];
    if (Bun.which("nft") !== null && steps.every((step) => command(...inside, ...step))) return true;
    const random = ["-m", "statistic", "--mode", "random", "--probability", String(percent / 100), "-j", "DROP"];
    const isThere = Bun.which("iptables") !== null;
    return isThere && chains.every((chain) => command(...inside, "iptables", "-A", chain.toUpperCase(), ...random));
  }

  /** Packets that `lose` has dropped so far. */
  lost(): number {
    const inside = ["ip", "netns", "exec", this.name];
    const told = [
      ["nft", "list", "table", "inet", "loss"],
      ["iptables", "-L", "-v", "-n", "-x"],
    ].map((words) => Bun.spawnSync([...inside, ...words], { stderr: "ignore" }).stdout.toString());
    const counts = told.flatMap((text) => [
      ...text.matchAll(/packets (\d+) bytes \d+ drop|^\s*(\d+) .*DROP .*statistic/gm),
    ]);
    return counts.reduce((sum, [, byNft, byIptables]) => sum + Number(byNft ?? byIptables), 0);
  }

  /** The cable is out, or in again; no socket is told. */
  plug(isIn: boolean): void {
    if (!command("ip", "link", "set", this.#link, isIn ? "up" : "down")) throw new Error("ip link set failed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    command("ip", "link", "del", this.#link);
    command("ip", "netns", "del", this.name);
  }
}

const NO_LOSS = "and holds up one chunk in fifty: real loss needs netem, nft or iptables";

/** Lossless, and small enough for a slow line: the pictures hold no noise. */
const PARAMS = "-c:v libx264 -qp 0 -preset veryslow -c:a flac";

const BLOCK_BYTES = 65_536;
/** What the gateway fetches at a time: ahead, and for its readers. */
const BLOCKS_AT_ONCE = 6;

interface Case {
  readonly name: string;
  readonly cutMs: number;
  /** True when the firewall loses packets, and counts them. */
  spoil(namespace: Namespace, proxy: TcpProxy): boolean;
}

const CASES: readonly Case[] = [
  {
    name: "200 ms of latency and 2 % loss",
    cutMs: 0,
    spoil(namespace, proxy) {
      if (namespace.shape("netem delay 100ms loss 2%")) return false;
      proxy.latencyMs = 100;
      const isLossy = namespace.lose(2);
      console.log(`this kernel has no netem: the proxy delays, ${isLossy ? "the firewall loses packets" : NO_LOSS}`);
      if (!isLossy) proxy.holdUpChance = 0.02;
      return isLossy;
    },
  },
  {
    name: "1 Mbit/s",
    cutMs: 0,
    spoil(namespace) {
      if (!namespace.shape("tbf rate 1mbit burst 32kbit latency 400ms")) throw new Error("tc refused the rate");
      return false;
    },
  },
  { name: "cut for 5 s", cutMs: 5000, spoil: () => false },
  { name: "cut for 60 s", cutMs: 60_000, spoil: () => false },
];

for (const { name, cutMs, spoil } of CASES) {
  test.skipIf(!isAsked || !isPossible)(
    `a client behind a network with ${name}: the output has the very frames of the source`,
    async () => {
      await using namespace = new Namespace();
      await using cluster = await Cluster.make();
      const source = cluster.path("source.mp4");
      await makeSynthetic(source, { frames: 300, gop: 12, withSound: true, noise: 0 });
      await cluster.serve({
        args: [
          ...["--benchmark-duration", "1", "--max-segment-duration", "1", "--retry-delay", "0.2"],
          ...["--chunk-size", String(BLOCK_BYTES)],
        ],
      });
      await using proxy = await TcpProxy.open(() => cluster.port, Math.random, namespace.hostAddress);
      const isCounted = spoil(namespace, proxy);
      const args = ["--slots", "1", "--reconnect-delay", "0.3", "--source-access", "gateway"];
      await cluster.joinThrough(
        ["ip", "netns", "exec", namespace.name],
        `http://${namespace.hostAddress}:${proxy.port}`,
        "far",
        args,
      );
      const jobId = await cluster.submit(source, cluster.path("out.mkv"), PARAMS);
      if (cutMs > 0) {
        await cluster.untilJob(jobId, "is being encoded", 120_000, (job) => job.frames.done > 0);
        namespace.plug(false);
        await new Promise((resolve) => setTimeout(resolve, cutMs));
        namespace.plug(true);
      }
      await cluster.untilComplete(jobId, 400_000);
      // Nobody else was there to take anything over: what was leased when the cable went is not encoded again.
      const { segment_list, events } = await cluster.jobDetail(jobId);
      expect(segment_list.every(({ attempts }) => attempts === 1)).toBe(true);
      expect(events.some(({ type }) => type === "lease-renewed")).toBe(cutMs > LEASE_MS);
      const output = cluster.path("result.mkv");
      expect(await cluster.command(["jobs", "download", jobId, "-o", output])).toMatchObject({ exitCode: 0 });
      const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
      expect(got.md5).toEqual([...want.md5]);
      if (isCounted) {
        console.log(`  ${namespace.lost()} packets were lost`);
        expect(namespace.lost()).toBeGreaterThan(0);
      }
      // Every block of the source came once, but for those that were on their way when the cable went.
      const { size } = await stat(source);
      const onTheirWay = cutMs > 0 ? BLOCKS_AT_ONCE * BLOCK_BYTES : 0;
      expect(proxy.bodyBytes["to-client"]).toBeLessThanOrEqual(size + onTheirWay);
      const proof = await cluster.json<{ exact: boolean }>(["jobs", "proof", jobId]);
      expect(proof.exact).toBe(true);
    },
    600_000,
  );
}
