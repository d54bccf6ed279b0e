// What the sandbox costs a job, as ratios: a server and a client with `--sandbox auto` against a pair with `--sandbox off`,
// by turns. A job goes from `submit` to the finished file, with every ffmpeg and ffprobe that it starts.
import { rm } from "node:fs/promises";
import { Cluster, type Running, until } from "../test/support/cluster.ts";
import { mediaPath } from "../test/support/media.ts";
import { benchOptions } from "./lib.ts";
import { compareSides, type Side } from "./two-sides.ts";

const PARAMS = "-c:v libx264 -preset veryfast -crf 23";

interface Pair extends Side {
  readonly processes: readonly Running[];
  readonly server: string;
}

async function pair(cluster: Cluster, name: string, mode: string): Promise<Pair> {
  const own = ["--port", "0", "--work-dir", cluster.path(`${name}-server`), "--token", cluster.token, "--json"];
  const server = cluster.start("serve", ["serve", "--host", "127.0.0.1", "--sandbox", mode, ...own]);
  await until(`${name}: the server is ready`, 60_000, async () => server.stdout() !== "");
  const { url } = JSON.parse(server.stdout()) as { url: string };
  const where = ["--server", url, "--token", cluster.token, "--work-dir", cluster.path(`${name}-client`)];
  const client = cluster.start(name, ["join", ...where, "--sandbox", mode]);
  await until(`${name}: the client is connected`, 120_000, async () => client.stderr().includes("connected as"));
  return { name, processes: [server, client], server: url };
}

const { clip: long, runs } = benchOptions(7);
const clip = process.argv.includes("--clip") ? long : (mediaPath("flower-540p29.97-5s.mp4") ?? long);
await using cluster = await Cluster.make();
const sides = [await pair(cluster, "no sandbox", "off"), await pair(cluster, "sandbox", "require")] as const;
await compareSides([...sides], runs, async (side) => {
  const output = cluster.path("out.mp4");
  const server = sides.find(({ name }) => name === side.name)?.server ?? "";
  const ended = await cluster.run([
    ...["submit", clip, "-o", output, "--ffmpeg-params", PARAMS, "--server", server, "--token", cluster.token],
  ]);
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  await rm(output);
});
const all = sides.flatMap(({ processes }) => processes);
for (const running of all) running.kill("SIGTERM");
await Promise.all(all.map(({ exited }) => exited));
