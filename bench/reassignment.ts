// How soon the segment of a lost client is another's: after kill -9, which closes the socket, and after SIGSTOP, which
// leaves only silence. By the server's own record of its leases.
import { Cluster, until } from "../test/support/cluster.ts";
import { makeSynthetic } from "../test/support/synthetic.ts";
import { benchOptions, print, spread } from "./lib.ts";

const { runs } = benchOptions(5);
const BOUND_MS = 120_000;

for (const [what, signal, goal] of [
  ["kill -9", "SIGKILL", "< 3 s"],
  ["SIGSTOP", "SIGSTOP", "a lease, 15 s"],
] as const) {
  const times: number[] = [];
  for (let round = 0; round < runs; round += 1) times.push(await reassignment(signal));
  print(`${what} to another client's lease   ${spread(times)} s  (goal ${goal})`);
}

/** One client is in its first segment when another comes that has slots to spare; then the first is lost. */
async function reassignment(signal: "SIGKILL" | "SIGSTOP"): Promise<number> {
  await using cluster = await Cluster.make();
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: 250, gop: 50 });
  await cluster.serve({ args: ["--benchmark-duration", "20", "--max-segment-duration", "20"] });
  const victim = await cluster.join("victim", ["--slots", "1"]);
  const params = "-c:v libx264 -preset veryslow -crf 10";
  const jobId = await cluster.submit(source, cluster.path("a.mp4"), params);
  const leases = async () => {
    const { events } = await cluster.jobDetail(jobId);
    return events.filter(({ type, segment_index }) => type === "segment-leased" && segment_index === 0);
  };
  await until("the first segment is leased", BOUND_MS, async () => (await leases()).length > 0);
  await cluster.join("heir", ["--slots", "8"]);
  if ((await leases()).length !== 1) throw new Error("the first segment is another's before its client is lost");
  const at = Date.now();
  victim.kill(signal);
  await until("it is leased again", BOUND_MS, async () => (await leases()).length > 1);
  const again = (await leases())[1];
  if (again === undefined) throw new Error("it was leased, and is not");
  return (Date.parse(again.at) - at) / 1000;
}
