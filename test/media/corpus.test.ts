// `npm run test:media`: lossless identity of every clip of the corpus, segments of each encoded by a client that reads
// the file and by one that goes through the gateway. A table at the end says of each clip: exact, refused or failed,
// how many segments came over which access, and why.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { Proof } from "../../src/media/model/proof.ts";
import { Cluster, type Ended } from "../support/cluster.ts";
import { type Clip, corpus } from "../support/corpus.ts";
import { type Frames, framesOf } from "../support/frames.ts";
import {
  comparedAs,
  differenceOf,
  differsByDamageAlone,
  losslessFor,
  type Picture,
  pictureOf,
  yardstickDecoder,
} from "../support/yardstick.ts";

/** The long ones are minutes of 1080p. */
const SUBMIT_WITHIN_MS = 300_000;
/** Never to be reached: Bun then ends every process of the test, the cluster among them. */
const CLIP_WITHIN_MS = SUBMIT_WITHIN_MS + 900_000;

type Outcome = "exact" | "refused" | "failed" | "WRONG";

interface Row {
  readonly clip: Clip;
  readonly outcome: Outcome;
  readonly frames: number | null;
  /** Segments by access. */
  readonly encodedBy: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly reason: string;
}

interface LastEvent {
  readonly event?: string;
  readonly job_id?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly proof?: Proof;
}

const { clips, missing } = await corpus();
const rows: Row[] = [];
type Yardstick = () => Promise<Frames>;

const ACCESSES = ["direct", "gateway"] as const;

/** A server with the clients of one or both accesses. */
interface Site {
  readonly cluster: Cluster;
}

let sites: Readonly<Record<"both" | (typeof ACCESSES)[number], Site>>;

async function siteWith(accesses: readonly string[]): Promise<Site> {
  const cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1.5", "--max-segment-duration", "1.5", "--retry-delay", "0"] });
  for (const access of accesses) await cluster.join(access, ["--source-access", access]);
  return { cluster };
}

beforeAll(async () => {
  sites = {
    both: await siteWith(ACCESSES),
    direct: await siteWith(["direct"]),
    gateway: await siteWith(["gateway"]),
  };
}, 180_000);

afterAll(async () => {
  for (const { cluster } of Object.values(sites)) await cluster[Symbol.asyncDispose]();
  printTable();
});

async function submit(cluster: Cluster, clip: Clip, params: string, output: string): Promise<Ended> {
  const where = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
  const args = ["submit", clip.path, "-o", output, "--ffmpeg-params", params, "--json", ...where];
  const running = cluster.start("submit", args);
  const limit = setTimeout(() => running.kill("SIGKILL"), SUBMIT_WITHIN_MS);
  try {
    return { exitCode: await running.exited, stdout: running.stdout(), stderr: running.stderr() };
  } finally {
    clearTimeout(limit);
  }
}

function rowMaker(clip: Clip, startedAt: number) {
  return (outcome: Outcome, reason: string, frames: number | null = null, encodedBy: Row["encodedBy"] = {}): Row => {
    const seconds = (performance.now() - startedAt) / 1000;
    return { clip, outcome, reason, frames, encodedBy, seconds };
  };
}

/** One job of the clip on one of the clusters. */
async function runOn(site: Site, clip: Clip, picture: Picture, yardstick: Yardstick): Promise<Row> {
  const output = site.cluster.path(`${Bun.hash(clip.name).toString(36)}.mkv`);
  const row = rowMaker(clip, performance.now());
  const ended = await submit(site.cluster, clip, losslessFor(picture), output);
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) || "{}") as LastEvent;
  try {
    if (last.event !== "completed" || last.proof === undefined) {
      const reason = last.error === undefined ? ended.stderr.trim() : `${last.error.code}: ${last.error.message}`;
      return row(last.job_id === undefined && ended.exitCode === 1 ? "refused" : "failed", reason);
    }
    const { exact, checks, segments } = last.proof;
    const encodedBy = Object.fromEntries(
      ACCESSES.map((access) => [access, segments.filter(({ client }) => client === access).length]),
    );
    const got = await framesOf(output);
    const { want, difference } = await heldAgainst(clip, picture, await yardstick(), got);
    const finished = (outcome: Outcome, reason: string) => row(outcome, reason, want.md5.length, encodedBy);
    if (!exact) {
      const unmet = checks.filter((check) => !check.ok).map(({ name, detail }) => `${name} (${detail ?? ""})`);
      return finished("failed", `${difference?.text ?? "frames and times equal"}, not proven: ${unmet.join("; ")}`);
    }
    if (difference?.kind === "pictures" && clip.kind === "damaged") {
      const source = { path: clip.path, filter: comparedAs(picture), inputArgs: yardstickDecoder(picture) };
      const isDamage = await differsByDamageAlone(source, want, got);
      if (isDamage)
        return finished("exact", "but for damaged pictures that plain ffmpeg itself decodes in several ways");
    }
    if (difference !== null) return finished("WRONG", difference.text);
    const colours = picture.hasAlpha ? await coloursDiffer(clip, output) : null;
    return finished(colours === null ? "exact" : "WRONG", colours ?? "");
  } finally {
    await rm(output, { force: true });
  }
}

/** A clock that jumps is corrected by plain ffmpeg, whose times then count. */
async function heldAgainst(clip: Clip, picture: Picture, own: Frames, got: Frames) {
  const difference = differenceOf(own, got);
  if (difference?.kind !== "times") return { want: own, difference };
  const want = await framesOf(clip.path, comparedAs(picture), yardstickDecoder(picture), [], "corrected");
  return { want, difference: differenceOf(want, got) };
}

/** The pictures without their alpha must also be what ffmpeg's own decoder, which drops it, gives. */
async function coloursDiffer(clip: Clip, output: string): Promise<string | null> {
  const difference = differenceOf(await framesOf(clip.path), await framesOf(output, "format=yuv420p"));
  return difference === null ? null : `without alpha, ${difference.text}`;
}

/** The clip through both accesses: first both clients at once; one that got no segment of it then encodes it alone. */
async function rowOf(clip: Clip): Promise<Row> {
  const startedAt = performance.now();
  const picture = await pictureOf(clip.path);
  let decoded: Promise<Frames> | null = null;
  const yardstick = () => {
    decoded ??= framesOf(clip.path, comparedAs(picture), yardstickDecoder(picture));
    return decoded;
  };
  let total = await runOn(sites.both, clip, picture, yardstick);
  for (const access of ACCESSES) {
    if (total.outcome !== "exact" || (total.encodedBy[access] ?? 0) > 0) continue;
    const alone = await runOn(sites[access], clip, picture, yardstick);
    const reason = alone.outcome === "exact" ? total.reason : `${access} alone: ${alone.reason}`;
    total = { ...alone, reason, encodedBy: { ...total.encodedBy, [access]: alone.encodedBy[access] ?? 0 } };
  }
  return { ...total, seconds: (performance.now() - startedAt) / 1000 };
}

/** What a clip of each kind may end as. "WRONG", an output called exact that is not, is never among them. */
const ALLOWED: Readonly<Record<Clip["kind"], readonly Outcome[]>> = {
  clean: ["exact"],
  damaged: ["exact", "refused"],
  "no-video": ["refused"],
};

function isAllowed({ clip, outcome, encodedBy }: Row): boolean {
  if (outcome === "exact" && ACCESSES.some((access) => (encodedBy[access] ?? 0) === 0)) return false;
  return ALLOWED[clip.kind].includes(outcome);
}

const WIDEST = Math.max(...clips.map(({ name }) => name.length));

function lineOf({ clip, outcome, frames, encodedBy, seconds, reason }: Row): string {
  return [
    clip.name.padEnd(WIDEST),
    clip.kind.padEnd(8),
    outcome.padEnd(7),
    String(frames ?? "").padStart(6),
    ACCESSES.map((access) => `${access} ${encodedBy[access] ?? 0}`)
      .join(", ")
      .padEnd(22),
    `${seconds.toFixed(1)} s`.padStart(8),
    reason.replaceAll(/\s+/g, " ").slice(0, 200),
  ].join("  ");
}

function printTable(): void {
  const counts = (["exact", "refused", "failed", "WRONG"] as const).map(
    (outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`,
  );
  const absent = missing.length === 0 ? "" : `, not here: ${missing.join(" ")}`;
  process.stderr.write(
    `\n${rows.map(lineOf).join("\n")}\n\n${rows.length} of ${clips.length} clips: ${counts.join(", ")}${absent}\n`,
  );
}

for (const clip of clips) {
  test(
    `${clip.name} (${clip.kind})`,
    async () => {
      const row = await rowOf(clip);
      rows.push(row);
      process.stderr.write(`${lineOf(row)}\n`); // the run is long, and may be broken off before its table
      expect({ ...row, isAllowed: isAllowed(row) }).toMatchObject({ isAllowed: true });
    },
    CLIP_WITHIN_MS,
  );
}
