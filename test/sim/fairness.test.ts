// Several jobs want the clients: small ones do not wait behind a large one, which loses nothing but their time, and no
// priority or owner keeps another job from its share (docs/adr/0028-fair-order.md).
import { expect, test } from "bun:test";
import { contendersAmong, LATEST_SECONDS } from "../../src/cluster/scheduler/assign/fair-order.ts";
import { Turn } from "../../src/cluster/scheduler/model/turn.ts";
import { rowsOf } from "../support/long-run.ts";
import { Random } from "./random.ts";
import { CLUSTER_FPS, CLUSTER_SLOTS, shareCluster, type WantedJob } from "./shared-cluster.ts";

const FILM: WantedJob = { id: "film", seconds: 10 * 3600, submitAtMs: 1000 };
/** One run differs from the next by the luck of its encodes. */
const NOISE = 1.03;

function story(stories: ReturnType<typeof shareCluster>["stories"], id: string) {
  const found = stories.get(id);
  if (found === undefined) throw new Error(`${id} did not end`);
  return found;
}

const lone = [1, 2, 3].map((seed) => story(shareCluster([small(0, 1000)], { seed }).stories, "small-0").tookMs);
const loneMs = lone.reduce((sum, each) => sum + each, 0) / lone.length;
const films = [1, 2, 3].map((seed) => story(shareCluster([FILM], { seed }).stories, "film").tookMs);
const filmAloneMs = films.reduce((sum, each) => sum + each, 0) / films.length;

function small(index: number, submitAtMs: number): WantedJob {
  return { id: `small-${index}`, seconds: 60, submitAtMs };
}

test("beside a film of ten hours, each of ten one-minute jobs takes at most 1.5 times as long as alone", () => {
  const jobs = Array.from({ length: 10 }, (_, index) => small(index, 60_000 + index * 61_000));
  const { stories } = shareCluster([FILM, ...jobs]);
  for (const { id } of jobs) expect(story(stories, id).tookMs / loneMs).toBeLessThan(1.5);
  const film = story(stories, "film");
  expect(film.extraAttempts).toBe(0); // nothing of it is encoded twice
  expect(film.tookMs).toBeLessThan(NOISE * (filmAloneMs + jobs.length * loneMs));
});

test("ten one-minute jobs that come at once end beside the film as without it, one after the other", () => {
  const jobs = Array.from({ length: 10 }, (_, index) => small(index, 100_000));
  const last = (all: readonly WantedJob[]) => {
    const { stories } = shareCluster(all);
    const ends = jobs.map(({ id }) => story(stories, id).tookMs).sort((a, b) => a - b);
    return { stories, ends };
  };
  const beside = last([FILM, ...jobs]);
  const without = last(jobs);
  for (const [at, end] of beside.ends.entries()) expect(end / (without.ends[at] ?? 0)).toBeLessThan(1.5);
  // Not all of them at the end: the first ones are done when the last one has only begun.
  expect((beside.ends[0] ?? 0) / (beside.ends.at(-1) ?? 1)).toBeLessThan(0.25);
  expect(story(beside.stories, "film").tookMs).toBeLessThan(NOISE * (filmAloneMs + jobs.length * loneMs));
});

test("whatever the priorities and owners, every job gets its share, no more than a bounded time late", () => {
  const forMs = 40 * 60_000;
  for (let seed = 1; seed <= 2; seed++) {
    const random = new Random(seed);
    const jobs = Array.from({ length: random.whole(2, 5) }, (_, index): WantedJob => {
      const owner = random.chance(0.5) ? "one" : "other";
      const queue = { priority: random.whole(0, 100), owner };
      return { id: `job-${index}`, seconds: 40 * 3600, submitAtMs: index * 500, queue };
    });
    const { server, frames } = shareCluster(jobs, { seed, forMs });
    const turn = new Turn(server.state, { now: 0, at: "", newId: () => "" });
    const contenders = contendersAmong(turn, [...server.state.jobs.values()], CLUSTER_SLOTS);
    const weights = contenders.reduce((sum, { weight }) => sum + weight, 0);
    // Segments under way are not verified yet, and what is owed is an estimate by measured speeds.
    const lateMs = 1000 * (LATEST_SECONDS + 2 * 60);
    for (const { id, weight } of contenders) {
      const due = ((forMs - lateMs) / 1000) * CLUSTER_FPS * (weight / weights);
      expect(frames.get(id) ?? 0).toBeGreaterThan(0.9 * due);
    }
  }
});

/** The film's frames beside short jobs of a high priority that come faster than the cluster can do them, and never end. */
function framesBesideEndless(owner: string, forMs: number): number {
  const seconds = 120;
  const everyMs = (1000 * seconds * 25) / (1.02 * CLUSTER_FPS);
  const short = Array.from({ length: Math.floor(forMs / everyMs) }, (_, index): WantedJob => {
    return { id: `short-${index}`, seconds, submitAtMs: 2000 + index * everyMs, queue: { priority: 70, owner: "one" } };
  });
  const { frames } = shareCluster([{ ...FILM, queue: { priority: 30, owner } }, ...short], { forMs });
  return frames.get("film") ?? 0;
}

// Among some dozen jobs of five times its weight its share is a fiftieth; another owner's is half of the cluster.
test.each(rowsOf([["one", 1 / 50]] as const, [["other", 0.85 / 2]] as const))(
  "endless short jobs of a high priority do not starve a long one of a low priority: owner %s",
  (owner, share) => {
    const forMs = 2 * 1000 * LATEST_SECONDS;
    const due = share * CLUSTER_FPS * (forMs / 1000 - LATEST_SECONDS);
    expect(framesBesideEndless(owner, forMs)).toBeGreaterThan(due);
  },
);
