// What a client that dies costs. One of two clients is killed at a random moment of a job: how much encoding was lost, as
// a share of all encoding and against a segment. And the time until its segment is another's: after kill -9, which closes
// the socket, and after SIGSTOP, which leaves only silence.
import type { Proof } from "../src/media/types.ts";
import { Cluster, until } from "../test/support/cluster.ts";
import { makeSynthetic } from "../test/support/synthetic.ts";
import { benchOptions, print, spread } from "./lib.ts";

const { runs } = benchOptions(5);
const BOUND_MS = 600_000;
const FRAMES = 1000;
const CLIENT = ["--slots", "1"];

await using cluster = await Cluster.make();
const source = cluster.path("source.mp4");
await makeSynthetic(source, { frames: FRAMES, gop: 50 });

const shares: number[] = [];
const segments: number[] = [];
await cluster.serve();
await cluster.join("stays", CLIENT);
for (let round = 0; round < runs; round += 1) {
  const victim = await cluster.join(`victim-${round}`, CLIENT);
  const jobId = await cluster.submit(source, cluster.path("a.mp4"), "-c:v libx264 -preset slower -crf 23");
  const moment = 0.1 + 0.7 * Math.random();
  await cluster.untilJob(jobId, "has come so far", BOUND_MS, ({ frames }) => frames.done >= moment * FRAMES);
  const killedAt = Date.now();
  victim.kill("SIGKILL");
  await cluster.untilJob(jobId, "is complete", BOUND_MS, ({ status }) => status === "Completed");
  const { attempts } = await cluster.jobDetail(jobId);
  const victims = attempts.filter(({ outcome }) => outcome === "lease-lost").map(({ client_id }) => client_id);
  const own = attempts.filter(({ client_id }) => victims.includes(client_id));
  // One slot: what it held first is what it encoded, since its lease or since what it handed in before.
  const handedIn = own
    .filter(({ outcome }) => outcome !== "lease-lost")
    .map(({ ended_at }) => Date.parse(ended_at ?? ""));
  const leased = own.filter(({ outcome }) => outcome === "lease-lost").map(({ started_at }) => Date.parse(started_at));
  const began = Math.max(Math.min(...leased), ...handedIn.filter((at) => at <= killedAt));
  const lost = victims.length === 0 ? 0 : Math.max(0, killedAt - began) / 1000;
  const proof = await cluster.api<Proof>(`/jobs/${jobId}/proof`);
  const all = proof.segments.map(({ seconds }) => seconds);
  shares.push((100 * lost) / all.reduce((sum, seconds) => sum + seconds, 0));
  segments.push(lost / Math.max(...all));
}
print(`work lost by one of two clients killed        ${spread(shares)} % of all encoding`);
print(`the same, in segments (the job's longest)      ${spread(segments)}  (goal < 1)`);

for (const [what, signal, goal] of [
  ["kill -9", "SIGKILL", "< 3 s"],
  ["SIGSTOP", "SIGSTOP", "a lease, 15 s"],
] as const) {
  const times: number[] = [];
  for (let round = 0; round < runs; round += 1) times.push(await reassignment(signal));
  print(`${what} to another client's lease                ${spread(times)} s  (goal ${goal})`);
}

/** A job that one client has all of when another comes, which has nothing to do until the first is lost. */
async function reassignment(signal: "SIGKILL" | "SIGSTOP"): Promise<number> {
  await using own = await Cluster.make();
  await own.serve({ args: ["--benchmark-duration", "60", "--max-segment-duration", "60"] });
  const victim = await own.join("victim", CLIENT);
  const jobId = await own.submit(source, own.path("a.mp4"), "-c:v libx264 -preset veryslow -crf 10");
  await own.untilJob(jobId, "is encoded", BOUND_MS, ({ frames }) => frames.done > 0);
  await own.join("heir", ["--slots", "1"]);
  const leases = async () => {
    const { events } = await own.jobDetail(jobId);
    return events.filter(({ type }) => type === "segment-leased");
  };
  const before = await leases();
  if (before.length !== 1) throw new Error(`${before.length} segments are leased, not one`);
  const at = Date.now();
  victim.kill(signal);
  await until("it is leased again", 60_000, async () => (await leases()).length > 1);
  const [, again] = await leases();
  if (again === undefined) throw new Error("it was leased, and is not");
  return (Date.parse(again.at) - at) / 1000;
}
