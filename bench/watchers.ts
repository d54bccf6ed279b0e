// What 200 open dashboards cost a server that works: its processor time with them and without, in turns, while a client
// encodes. `--watchers N`, `--seconds N` of each turn.
import { parseArgs } from "node:util";
import { Cluster, until } from "../test/support/cluster.ts";
import { mediaPath } from "../test/support/media.ts";
import { median, print } from "./lib.ts";

const TURNS = 3;
const { values } = parseArgs({
  options: { watchers: { type: "string" }, seconds: { type: "string" }, clip: { type: "string" } },
});
const WATCHERS = Number(values.watchers ?? 200);
const SECONDS = Number(values.seconds ?? 8);
const clip = String(values.clip ?? mediaPath("bbb-1080p25-62s.mp4"));

await using cluster = await Cluster.make();
const server = await cluster.serve({ args: ["--log-level", "error"] });
await Promise.all(["attic", "desk"].map((name) => cluster.join(name)));
const id = await cluster.submit(clip, cluster.path("out.mp4"), "-c:v libx264 -preset veryslow -crf 18");
await until("frames are made", 120_000, async () => (await cluster.job(id)).frames.done > 0);

const headers = { authorization: `Bearer ${cluster.token}` };
const costs: { readonly without: number; readonly with: number }[] = [];
let bytes = 0;
for (let turn = 0; turn < TURNS; turn += 1) {
  const without = await cost();
  const stop = new AbortController();
  const all = Array.from({ length: WATCHERS }, () => watch(stop.signal));
  await Bun.sleep(2000); // the snapshots are out
  bytes = 0;
  costs.push({ without, with: await cost() });
  stop.abort();
  await Promise.allSettled(all);
}
const [alone, watched] = [median(costs.map((each) => each.without)), median(costs.map((each) => each.with))];
print(`nobody watches   ${(100 * alone).toFixed(1)} % of a core`);
print(
  `${String(WATCHERS).padEnd(4)} watch        ${(100 * watched).toFixed(1)} %, ${(bytes / SECONDS / WATCHERS / 1000).toFixed(1)} kB/s each`,
);
print(`they cost        ${(100 * (watched - alone)).toFixed(1)} % of a core (goal < 5 % for 200)`);
const { status } = await cluster.job(id);
print(
  `the job is ${status}${status === "Processing" || status === "Benchmarking" ? "" : ": too short for this, give --clip a longer one"}`,
);
await cluster.command(["cancel", id]);

/** Cores that the server used, over a turn. */
async function cost(): Promise<number> {
  const [before, began] = [await cpuSeconds(), performance.now()];
  await Bun.sleep(SECONDS * 1000);
  return ((await cpuSeconds()) - before) / ((performance.now() - began) / 1000);
}

/** Fields 14 and 15 of its stat, in hundredths of a second: all threads. */
async function cpuSeconds(): Promise<number> {
  const fields = (await Bun.file(`/proc/${server.pid}/stat`).text()).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function watch(signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${cluster.url}/api/v1/watch`, { headers, signal });
  if (answer.body === null) return;
  for await (const piece of answer.body) bytes += piece.length;
}
