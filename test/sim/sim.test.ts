// Runs random clusters through decide(): hundreds in `npm test`, thousands in `npm run test:sim`. Each has at least
// five clients, fifty segments, one death and one message in a hundred lost or doubled (cluster.ts refuses one that had
// less). SIM_SEED repeats one seed (or says where to begin), SIM_CLUSTERS says how many to run.
import { expect, test } from "bun:test";
import { LEASE_MS as PROTOCOL_LEASE_MS } from "../../src/cluster/protocol/messages.ts";
import { LEASE_MS } from "../../src/cluster/scheduler/model/timing.ts";
import { type ClusterStory, runCluster } from "./cluster.ts";

const ORDINARY_CLUSTERS = 200;
const FIRST_SEED = 1;

test("the scheduler and the protocol mean the same lease", () => {
  expect(LEASE_MS).toBe(PROTOCOL_LEASE_MS);
});

test("in every random cluster each job ends, nothing is lost, nothing is done twice", () => {
  const seed = process.env.SIM_SEED;
  const first = seed === undefined ? FIRST_SEED : Number(seed);
  const count = Number(process.env.SIM_CLUSTERS ?? (seed === undefined ? ORDINARY_CLUSTERS : 1));
  const tally = {
    clusters: 0,
    decisions: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    segments: 0,
    retried: 0,
    restarts: 0,
    deaths: 0,
    doubled: 0,
    stopped: 0,
    rated: 0,
    quarantined: 0,
    endedOnce: 0,
    completedThen: 0,
    elected: 0,
    startedOver: 0,
    unfit: 0,
    cutInside: 0,
    paused: 0,
    secondCounted: 0,
    lost: 0,
    renewed: 0,
    claimed: 0,
  };
  const began = performance.now();
  for (let at = first; at < first + count; at++) {
    add(tally, playOrTell(at));
  }
  const perMinute = Math.round((60_000 * count) / (performance.now() - began));
  console.log(`simulated: ${JSON.stringify(tally)}, ${perMinute} clusters a minute`);
  // A simulation in which nothing goes wrong, or nothing goes right, would prove nothing.
  if (count >= 200) {
    expect(tally.completed).toBeGreaterThan(count / 2);
    expect(tally.failed).toBeGreaterThan(0);
    expect(tally.cancelled).toBeGreaterThan(0);
    expect(tally.retried).toBeGreaterThan(count);
    expect(tally.doubled).toBeGreaterThan(count / 4);
    expect(tally.completedThen).toBeGreaterThan(0);
    expect(tally.quarantined).toBeGreaterThan(0);
    expect(tally.stopped).toBeGreaterThan(count / 4);
    expect(tally.rated).toBeGreaterThan(count / 10);
    expect(tally.elected).toBeGreaterThan(count / 20);
    expect(tally.cutInside).toBeGreaterThan(count / 4);
    expect(tally.secondCounted).toBeGreaterThan(0);
    expect(tally.renewed).toBeGreaterThan(count / 4);
    expect(tally.claimed).toBeGreaterThan(0);
    expect(tally.startedOver).toBeGreaterThan(0);
    expect(tally.paused).toBeGreaterThan(count / 2);
    expect(tally.unfit).toBeGreaterThan(count / 20);
    expect(tally.segments / tally.completed).toBeGreaterThan(50);
  }
}, 600_000);

function playOrTell(seed: number): ClusterStory {
  try {
    return runCluster(seed);
  } catch (thrown) {
    const words = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    throw new Error(`seed ${seed} (play it again with SIM_SEED=${seed}): ${words}`);
  }
}

function add(tally: Record<string, number>, story: ClusterStory): void {
  const more = (name: string, by: number) => {
    tally[name] = (tally[name] ?? 0) + by;
  };
  more("clusters", 1);
  more("decisions", story.decisions);
  more("restarts", story.restarts);
  more("deaths", story.deaths);
  more("doubled", story.counts.get("doubled") ?? 0);
  more("quarantined", story.counts.get("client-quarantined") ?? 0);
  more("elected", story.counts.get("encoder-elected") ?? 0);
  more("unfit", story.counts.get("client-unfit") ?? 0);
  more("cutInside", story.cutInside);
  more("paused", story.counts.get("client-paused") ?? 0);
  more("lost", story.counts.get("lease-lost") ?? 0);
  more("renewed", story.counts.get("lease-renewed") ?? 0);
  more("claimed", story.counts.get("claimed") ?? 0);
  more("stopped", story.counts.get("attempt-stopped") ?? 0);
  more("endedOnce", story.retried.size);
  for (const job of story.jobs) {
    if (job.status === "Completed" && story.retried.has(job.id)) more("completedThen", 1);
    more(job.status.toLowerCase(), 1);
    if (job.status === "Completed") more("segments", job.segments.length);
    if (job.status === "Completed" && job.rate !== undefined) more("rated", 1);
    if (job.segments.some((segment) => segment.notes.some((note) => note.startsWith("started over with"))))
      more("startedOver", 1);
    for (const segment of job.segments) {
      if (segment.attempts > 1) more("retried", 1);
      if (segment.notes.some((note) => note.startsWith("another client's result"))) more("secondCounted", 1);
    }
  }
}
