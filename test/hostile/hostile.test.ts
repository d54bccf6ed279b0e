// Hostile input: seeded mutants of real clips and files made by hand to hurt, through a real server and two clients.
// Each ends exact, failed or refused with a reason, within a bound; server and clients live on and work afterwards.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { Cluster, type Running, until } from "../support/cluster.ts";
import { IS_LONG } from "../support/long-run.ts";
import { mediaPath } from "../support/media.ts";
import { attempt, type Ending, type Outcome } from "./attempt.ts";
import { HAND_MADE, makeByHand } from "./hand-made.ts";
import { makeMutant } from "./mutants.ts";

/** FFCLUSTER_HOSTILE_SEED, _COUNT and _ONLY (a mutant's number) play a run again; docs/TESTING.md. */
function setting(name: string): number | null {
  const value = process.env[`FFCLUSTER_HOSTILE_${name}`];
  return value === undefined || value === "" ? null : Number(value);
}

const SEED = setting("SEED") ?? 20_261_122;
/** `npm run test:hostile` has 240. */
const COUNT = setting("COUNT") ?? 1;
const ONLY = setting("ONLY");
const AT_ONCE = 4;
/** A mutant takes a second or two alone; this is for a loaded machine. */
const BOUND_MS = 120_000;

interface Row extends Ending {
  readonly name: string;
  readonly what: string;
}

const rows: Row[] = [];
let cluster: Cluster;
let processes: readonly Running[];
const ended = new Set<string>();

beforeAll(async () => {
  process.stderr.write(`hostile input: FFCLUSTER_HOSTILE_SEED=${SEED} FFCLUSTER_HOSTILE_COUNT=${COUNT}\n`);
  cluster = await Cluster.make();
  const asked = [
    "--benchmark-duration",
    "1",
    "--max-segment-duration",
    "1",
    "--retry-delay",
    "0",
    "--max-retries",
    "1",
  ];
  const server = await cluster.serve({ args: asked });
  const direct = await cluster.join("direct", ["--source-access", "direct", "--slots", "2"]);
  const gateway = await cluster.join("gateway", ["--source-access", "gateway", "--slots", "2"]);
  processes = [server, direct, gateway];
  for (const running of processes) void running.exited.then(() => ended.add(running.name));
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  const outcomes = [...new Set(rows.map((row) => row.outcome))].sort();
  const counts = outcomes.map((outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`);
  const lines = rows.map(({ name, outcome, seconds, what, reason }) =>
    [name.padEnd(10), outcome.padEnd(7), `${seconds.toFixed(1)} s`.padStart(7), what, "→", reason].join("  "),
  );
  if (COUNT >= 100 || IS_LONG) process.stderr.write(`\n${lines.join("\n")}\n`);
  process.stderr.write(`\nhostile input, seed ${SEED}: ${rows.length} files, ${counts.join(", ")}\n`);
}, 60_000);

/** Runs every piece, `AT_ONCE` at a time. */
async function sideBySide(pieces: readonly (() => Promise<Row>)[]): Promise<Row[]> {
  const waiting = [...pieces];
  const done: Row[] = [];
  const lane = async () => {
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) done.push(await piece());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  rows.push(...done);
  return done;
}

const ACCEPTABLE: readonly Outcome[] = ["exact", "failed", "refused"];

/** What the project's processes must not have said or done, whatever they were given. */
async function expectAllWell(): Promise<void> {
  expect([...ended]).toEqual([]);
  expect((await fetch(`${cluster.url}/healthz`)).ok).toBe(true);
  for (const running of processes) {
    expect(running.stderr()).not.toMatch(/E_INTERNAL|\n\s+at .*:\d+:\d+|TypeError|RangeError|ReferenceError/);
  }
  const states = async () => (await cluster.clients()).map(({ name, status }) => `${name} ${status}`).sort();
  await until("both clients are idle again", 60_000, async () => {
    return (await states()).join() === "direct Idle,gateway Idle";
  });
}

async function expectNormalJob(): Promise<void> {
  const clip = mediaPath("frag-seekable.mp4") ?? "";
  expect(await attempt(cluster, clip, BOUND_MS)).toMatchObject({ outcome: "exact" });
}

const numbers = ONLY === null ? Array.from({ length: COUNT }, (_, number) => number) : [ONLY];

test(
  `mutants of real clips: ${numbers.length}, seed ${SEED}`,
  async () => {
    const folder = cluster.path("mutants");
    await mkdir(folder);
    const done = await sideBySide(
      numbers.map((number) => async () => {
        const { path, what } = await makeMutant(SEED, number, folder);
        return { name: `mutant ${number}`, what, ...(await attempt(cluster, path, BOUND_MS)) };
      }),
    );
    expect(done.length).toBe(numbers.length);
    expect(done.filter(({ outcome }) => !ACCEPTABLE.includes(outcome))).toEqual([]);
    await expectAllWell();
    // Else it comes after the files made by hand.
    if (ONLY !== null) await expectNormalJob();
  },
  COUNT * BOUND_MS,
);

test.skipIf(ONLY !== null)(
  `${HAND_MADE.length} files made by hand`,
  async () => {
    const folder = cluster.path("made");
    await mkdir(folder);
    const secret = mediaPath("odd-161x121-vp9.webm") ?? "";
    const done = await sideBySide(
      HAND_MADE.map((one) => async () => {
        const path = await makeByHand(one, folder, secret);
        const row = { name: one.expected, what: one.what, ...(await attempt(cluster, path, BOUND_MS)) };
        return row;
      }),
    );
    const isAsExpected = ({ name, outcome }: Row) => (name === "any" ? ACCEPTABLE.includes(outcome) : outcome === name);
    expect(done.filter((row) => !isAsExpected(row))).toEqual([]);
    await expectAllWell();
    await expectNormalJob();
  },
  HAND_MADE.length * BOUND_MS,
);
