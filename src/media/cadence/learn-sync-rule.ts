// Finds which of the known rules this ffmpeg's output stage follows: it encodes a small video, and the result is
// compared with each rule. An ffmpeg that follows none is detected, whatever its version.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { tempNameFor } from "../../base/files.ts";
import { parseRational } from "../../base/rational.ts";
import { videoFilters, writeFilter } from "../ffmpeg/filter-graph.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { type SyncRule, syncOutput } from "./output-sync.ts";

/** Frames 1/24 s apart, with a gap: an even part, a frame that is held, and an end. In milliseconds. */
const FRAMES = 48;
const GAP_AFTER = 30;
const GAP_SECONDS = 0.4;
const SOURCE_RATE = { num: 24, den: 1 };
/** Together they distinguish the rules, with filters and without, and cover repeating, dropping and the end. */
const TRIALS = [
  { rate: "30", filters: false },
  { rate: "60", filters: false },
  { rate: "60", filters: true },
  { rate: "10", filters: true },
] as const;
const RULES: readonly SyncRule[] = ["rounded", "exact"];
const TIMEOUT_MS = 30_000;
const FORMATS = "matroska";

async function run(program: string, args: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  const result = await runTool({
    program,
    args,
    onLine: (line) => {
      lines.push(line);
    },
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "a trial was stopped", "Submit the job again.");
  return result.ended === "exit" && result.exitCode === 0 ? lines : [];
}

/** Frames of different brightness. */
async function makeVideo(tools: Tools, path: string, signal?: AbortSignal): Promise<void> {
  const pictures = `nullsrc=s=16x16:r=24,trim=end_frame=${FRAMES},geq=lum=4*N:cb=128:cr=128`;
  const gap = `setpts=PTS+gte(N\\,${GAP_AFTER})*${GAP_SECONDS}/TB`;
  const args = [...QUIET, "-f", "lavfi", "-i", `${pictures},${gap}`];
  await run(
    tools.ffmpeg,
    [...args, "-fps_mode", "passthrough", "-c:v", "ffv1", "-f", "matroska", "-y", fileUrl(path)],
    signal,
  );
}

async function packetsOf(tools: Tools, path: string, signal?: AbortSignal) {
  const lines = await run(
    tools.ffprobe,
    [
      ...["-v", "error", ...inputGuards({ formats: FORMATS, kind: "file" })],
      ...["-show_entries", "packet=pts,duration", "-of", "csv=p=0", fileUrl(path)],
    ],
    signal,
  );
  return lines.map((line) => line.split(",").map(Number)).filter(([pts]) => pts !== undefined && !Number.isNaN(pts));
}

/** The digests of the pictures, in order. */
async function pictures(tools: Tools, path: string, args: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const input = [...QUIET, ...inputGuards({ formats: FORMATS, kind: "file" }), "-i", fileUrl(path)];
  const lines = await run(tools.ffmpeg, [...input, ...args, "-f", "framehash", "-hash", "murmur3", "pipe:1"], signal);
  return lines.filter((line) => line.startsWith("0,")).map((line) => line.split(",")[5]?.trim() ?? "");
}

/** Null: none of the rules. Errors: E_INTERRUPTED. */
export async function learnSyncRule(tools: Tools, workDir: string, signal?: AbortSignal): Promise<SyncRule | null> {
  const path = tempNameFor(join(workDir, "rate-trial.mkv"));
  try {
    await makeVideo(tools, path, signal);
    const packets = await packetsOf(tools, path, signal);
    const source = await pictures(tools, path, ["-fps_mode", "passthrough"], signal);
    if (packets.length !== FRAMES || new Set(source).size !== FRAMES) return null;
    const shown = await Promise.all(
      TRIALS.map(async ({ rate, filters }) => {
        const chain = filters ? videoFilters([writeFilter("null")]) : [];
        return await pictures(tools, path, [...chain, "-r", rate, "-fps_mode", "cfr"], signal);
      }),
    );
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
