// What a client that dies costs: one of two clients is killed at a random moment of a job, and the encoding that was
// lost is held against all encoding and against a segment.
import type { Proof } from "../src/media/model/proof.ts";
import { Cluster } from "../test/support/cluster.ts";
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
