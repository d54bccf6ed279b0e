// The cost of counting every frame beforehand: reading a source's packets against reading its bytes (`cat`), both from
// the page cache, in MB/s.
import { stat } from "node:fs/promises";
import { findTools } from "../src/media/ffmpeg/tools.ts";
import { indexSource } from "../src/media/index/index-source.ts";
import { probeSource } from "../src/media/source/probe.ts";
import { Cluster } from "../test/support/cluster.ts";
import { benchOptions, median, print, run, seconds, spread } from "./lib.ts";

const SOURCE_BYTES = 1e9;

const { clip, runs } = benchOptions(5);
const tools = await findTools(process.env);
await using folder = await Cluster.make();
const loops = Math.ceil(SOURCE_BYTES / (await stat(clip)).size);
for (const container of ["mp4", "mkv", "ts"]) {
  const source = folder.path(`long.${container}`);
  const loop = ["-stream_loop", String(loops - 1), "-i", clip, "-map", "0:v:0", "-map", "0:a?", "-c", "copy"];
  await run(["ffmpeg", "-nostdin", "-v", "error", "-y", ...loop, source]);
  const megabytes = (await stat(source)).size / 1e6;
  const info = await probeSource(tools, source);
  const raw: number[] = [];
  const indexed: number[] = [];
  let frames = 0;
  for (let round = 0; round < runs; round += 1) {
    raw.push(megabytes / (await seconds(() => run(["cat", source]))));
    indexed.push(
      megabytes /
        (await seconds(async () => {
          frames = (await indexSource(tools, source, info, { onGops: () => undefined })).frameCount;
        })),
    );
  }
  const ratios = indexed.map((value, round) => value / (raw[round] ?? Number.NaN));
  print(`${container}: ${megabytes.toFixed(0)} MB, ${frames} frames`);
  print(`  cat   ${spread(raw)} MB/s`);
  print(`  index ${spread(indexed)} MB/s, ${median(ratios).toFixed(3)} of cat`);
}
