// Finds which of the known rules this ffmpeg's output stage follows: it encodes a small video, and the result is
// compared with each rule. An ffmpeg that follows none is detected, whatever its version.
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { exists, tempNameFor } from "../../base/files.ts";
import { parseRational } from "../../base/rational.ts";
import { BuildFacts } from "../ffmpeg/builds/build-facts.ts";
import { videoFilters, writeFilter } from "../ffmpeg/filter-graph.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { type SyncRule, syncOutput } from "./output-sync.ts";

/**
 * Frames 1/24 s apart, with a gap: an even part, a frame that is held, and an end. In milliseconds. Behind the gap the
 * first frame is at 1.75 s: at 12 frames a second on a whole one, and where each lasts half a one, its end on a half.
 */
const FRAMES = 48;
const SOURCE_RATE = { num: 24, den: 1 };
const GAP = { from: 31, frames: 11 };
/** Together they distinguish the rules, with filters and without, and cover repeating, dropping, halves and the end. */
const TRIALS = [
  { rate: "30", filters: false },
  { rate: "60", filters: false },
  { rate: "60", filters: true },
  { rate: "10", filters: true },
  { rate: "12", filters: true },
] as const;
const RULES: readonly SyncRule[] = ["rounded", "exact"];
const TIMEOUT_MS = 30_000;
const FORMATS = "matroska";
const PLAIN = ["-fps_mode", "passthrough"];

/** `folder`: where all files of the trials are. */
async function run(
  tools: Tools,
  program: "ffmpeg" | "ffprobe",
  args: readonly string[],
  folder: string,
): Promise<string[]> {
  const lines: string[] = [];
  const result = await runTool({
    tools,
    program,
    args,
    reads: [],
    writes: [folder],
    onLine: (line) => {
      lines.push(line);
    },
    timeoutMs: TIMEOUT_MS,
  });
  return result.ended === "exit" && result.exitCode === 0 ? lines : [];
}

/** Frames of different brightness. */
async function makeVideo(tools: Tools, path: string): Promise<void> {
  const pictures = `nullsrc=s=16x16:r=24,trim=end_frame=${FRAMES},geq=lum=4*N:cb=128:cr=128`;
  const gap = `setpts=PTS+gte(N\\,${GAP.from})*${GAP.frames}`;
  const args = [...QUIET, "-f", "lavfi", "-i", `${pictures},${gap}`];
  const made = [...args, ...PLAIN, "-c:v", "ffv1", "-f", "matroska", "-y", fileUrl(path)];
  await run(tools, "ffmpeg", made, dirname(path));
}

async function packetsOf(tools: Tools, path: string) {
  const asked = [
    ...["-v", "error", ...inputGuards({ formats: FORMATS, kind: "file" })],
    ...["-show_entries", "packet=pts,duration", "-of", "csv=p=0", fileUrl(path)],
  ];
  const lines = await run(tools, "ffprobe", asked, dirname(path));
  return lines.map((line) => line.split(",").map(Number)).filter(([pts]) => pts !== undefined && !Number.isNaN(pts));
}

/** The digests of the pictures in order: as they are, then for each of the trials. All come out of one run, from one file each. */
async function pictures(tools: Tools, path: string): Promise<string[][]> {
  const trials = TRIALS.map(({ rate, filters }) => {
    const chain = filters ? videoFilters([writeFilter("null")]) : [];
    return [...chain, "-r", rate, "-fps_mode", "cfr"];
  });
  const outputs = [PLAIN, ...trials].map((args, number) => ({ args, hashes: `${path}.${number}` }));
  try {
    const all = [
      ...[...QUIET, ...inputGuards({ formats: FORMATS, kind: "file" }), "-i", fileUrl(path)],
      ...outputs.flatMap(({ args, hashes }) => [
        ...["-map", "0:v", ...args, "-f", "framehash", "-hash", "murmur3"],
        ...["-y", fileUrl(hashes)],
      ]),
    ];
    await run(tools, "ffmpeg", all, dirname(path));
    return await Promise.all(outputs.map(({ hashes }) => digestsIn(hashes)));
  } finally {
    await Promise.all(outputs.map(({ hashes }) => rm(hashes, { force: true })));
  }
}

/** None where ffmpeg wrote no such file. */
async function digestsIn(path: string): Promise<string[]> {
  const text = (await exists(path)) ? await readFile(path, "utf8") : "";
  const lines = text.split("\n").filter((line) => line.startsWith("0,"));
  return lines.map((line) => line.split(",")[5]?.trim() ?? "");
}

const rules = new BuildFacts<SyncRule>();

/** What `learn` throws where it finds no rule: it is then looked for again, since a full disk has none either. */
class NoRule extends Error {}

/** Learnt once for each build. Null: none of the rules. Errors: E_INTERRUPTED. */
export async function learnSyncRule(tools: Tools, workDir: string, signal?: AbortSignal): Promise<SyncRule | null> {
  const find = async () => {
    const rule = await learn(tools, workDir);
    if (rule === null) throw new NoRule();
    return rule;
  };
  try {
    return await rules.of(tools.ffmpeg, find, signal);
  } catch (thrown) {
    if (thrown instanceof NoRule) return null;
    if (signal?.aborted) throw new AppError("E_INTERRUPTED", "a trial was stopped", "Submit the job again.");
    throw thrown;
  }
}

async function learn(tools: Tools, workDir: string): Promise<SyncRule | null> {
  const path = tempNameFor(join(workDir, "rate-trial.mkv"));
  try {
    await makeVideo(tools, path);
    const packets = await packetsOf(tools, path);
    const [source = [], ...shown] = await pictures(tools, path);
    if (packets.length !== FRAMES || source.length !== FRAMES || new Set(source).size !== FRAMES) return null;
    const fits = (rule: SyncRule) =>
      TRIALS.every(({ rate, filters }, number) => {
        const said = saidBy(rule, packets, rate, filters).map((position) => source[position]);
        return said.length === shown[number]?.length && said.every((each, at) => each === shown[number]?.[at]);
      });
    return RULES.find(fits) ?? null;
  } finally {
    await rm(path, { force: true });
  }
}

/** Which frame of the source each frame of the output is. */
function saidBy(rule: SyncRule, packets: readonly number[][], rate: string, hasFilters: boolean): number[] {
  const asked = parseRational(rate);
  if (asked === null) return [];
  const shown = syncOutput({
    rule,
    pts: packets.map(([pts = 0]) => pts),
    durations: packets.map(([, duration = 0]) => duration || 0),
    timeBase: { num: 1, den: 1000 },
    rate: asked,
    sourceFrameRate: SOURCE_RATE,
    hasFilters,
    isAlone: true,
  });
  return shown === null ? [] : framesShown(shown.begins, shown.first, shown.frames);
}

/** Output frames `first` and following → the frame of the source that each shows. */
export function framesShown(begins: readonly number[], first: number, frames: number): number[] {
  let position = 0;
  return Array.from({ length: frames }, (_, number) => {
    while (position + 1 < begins.length && (begins[position + 1] ?? 0) <= first + number) position += 1;
    return position;
  });
}
