// What the check `picture` costs: time and processor time beside those of the encode that it looks at, by plain ffmpeg on
// the same cores. The output is one of seven segments, each beginning at a key frame of the source, as a job has them.
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTools } from "../src/media/ffmpeg/tools.ts";
import { indexSource } from "../src/media/index/index-source.ts";
import { parseEncodeParams } from "../src/media/request/parse/parse-params.ts";
import { probeSource } from "../src/media/source/probe.ts";
import { readOutputPackets } from "../src/media/verify/output-packets.ts";
import { checkPictures } from "../src/media/verify/picture/check-pictures.ts";
import { comparisonOf, matrixOf, type PicturesInput } from "../src/media/verify/picture/comparison.ts";
import { decodeSourceAhead } from "../src/media/verify/picture/decode-ahead.ts";
import { SourcePictures } from "../src/media/verify/picture/source-pictures.ts";
import { benchOptions, print, run, seconds, spread } from "./lib.ts";

const PARAMS = "-c:v libx264 -preset veryfast -crf 23";
const SEGMENTS = 7;
/** Linux counts processor time in hundredths of a second (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** Processor seconds of this process and of those that it has started and that have ended. */
async function cpuSeconds(): Promise<number> {
  const fields = (await readFile("/proc/self/stat", "utf8")).split(") ")[1]?.split(" ") ?? [];
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

interface Measured {
  readonly wall: number;
  readonly cpu: number;
}

async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const before = await cpuSeconds();
  const wall = await seconds(work);
  return { wall, cpu: (await cpuSeconds()) - before };
}

const { clip, runs } = benchOptions(5);
const tools = await findTools(process.env);
const info = await probeSource(tools, clip);
const index = await indexSource(tools, clip, info, { onGops: () => undefined });
const bounds = Array.from({ length: SEGMENTS - 1 }, (_, number) => {
  const wanted = Math.round(((number + 1) * (index.endPts ?? 0)) / SEGMENTS);
  return index.keyFrameAtOrBefore(wanted)?.pts ?? wanted;
});
const { num, den } = info.video.timeBase;
const times = bounds.map((pts) => ((pts * num) / den).toFixed(6)).join(",");
const outputPath = join(tmpdir(), `picture-bench-${process.pid}.mp4`);
const encode = [
  "-i",
  clip,
  "-map",
  "0:v:0",
  ...PARAMS.split(" "),
  "-force_key_frames",
  times,
  "-fps_mode",
  "passthrough",
  outputPath,
];
const encoded = await measured(() => run([tools.ffmpeg, "-nostdin", "-v", "error", "-y", ...encode]));
const output = await readOutputPackets(tools, outputPath);
const starts = [null, ...bounds];
const kept = () => {
  const pictures = new SourcePictures();
  const comparison = comparisonOf(tools, input);
  if (typeof comparison === "string") throw new Error(comparison);
  pictures.compareAs({ shown: comparison.shown, matrix: matrixOf(output) });
  return pictures;
};
const input: PicturesInput = {
  info,
  index,
  request: parseEncodeParams(PARAMS),
  grid: null,
  encoderTimeBase: info.video.timeBase,
  segments: starts.map((startPts, number) => {
    const endPts = bounds[number] ?? null;
    return { startPts, endPts, frames: index.countFrames(startPts, endPts), leadIn: 0, complaint: null };
  }),
  framePts: index.framePts(null, null),
  sourcePath: clip,
  outputPath,
  container: "mp4",
  output,
};
const keys = output.videoPts.flatMap((pts, number) => (output.keyPts.has(pts) ? [number] : []));
const { signal } = new AbortController();

async function check(pictures?: SourcePictures): Promise<void> {
  const found = await checkPictures(tools, { ...input, kept: pictures });
  if (!found.ok) throw new Error(found.detail);
  detail = found.detail ?? "";
}

let detail = "";
const both: Measured[] = [];
const before: Measured[] = [];
const after: Measured[] = [];
for (let round = 0; round < runs; round += 1) {
  both.push(await measured(() => check()));
  const pictures = kept();
  before.push(await measured(() => decodeSourceAhead(tools, { ...input, kept: pictures, keys, signal })));
  after.push(await measured(() => check(pictures)));
  const words = [both, before, after].map((each) => {
    const { wall, cpu } = each.at(-1) ?? { wall: 0, cpu: 0 };
    return `${wall.toFixed(2)} s (${cpu.toFixed(2)} s of processor time)`;
  });
  print(`round ${round + 1}: at the end alone ${words[0]}; source ahead ${words[1]}, then at the end ${words[2]}`);
}
print(detail);
await rm(outputPath);
const percent = (values: readonly number[], whole: number) => spread(values.map((value) => (100 * value) / whole));
print(`plain ffmpeg   ${encoded.wall.toFixed(2)} s, ${encoded.cpu.toFixed(2)} s of processor time`);
for (const [name, taken] of [
  ["all at the end", both],
  ["source ahead", before],
  ["then at the end", after],
] as const) {
  const [walls, cpus] = [taken.map(({ wall }) => wall), taken.map(({ cpu }) => cpu)];
  print(`${name.padEnd(16)} ${spread(walls)} s, ${spread(cpus)} s of processor time`);
  print(
    `${"".padEnd(16)} ${percent(walls, encoded.wall)} % of its wall time, ${percent(cpus, encoded.cpu)} % of its processor time`,
  );
}
print("goal: at the end ≤ 1 % of the wall time");
