// A folder of short clips in one `submit` against a loop of plain ffmpeg over the same files on the same cores, by turns: wall
// time and processor time. The clips are five seconds each of real media, in 720p.
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Cluster } from "../test/support/cluster.ts";
import { mediaPath } from "../test/support/media.ts";
import { run } from "./lib.ts";
import { compareSides } from "./two-sides.ts";

const PARAMS = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23"];
const CLIP_SECONDS = 5;
const MADE_OF = ["bbb-1080p25-62s.mp4", "cars-432p12.5-30s.mp4", "bbb-intro-720p24-30s.webm"];
const FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"];

const { values } = parseArgs({ options: { clips: { type: "string" }, runs: { type: "string" } } });
const clips = Number(values.clips ?? 100);

await using cluster = await Cluster.make();
const folder = cluster.path("clips");
const outputs = cluster.path("outputs");
await mkdir(folder);
for (let number = 0; number < clips; number += 1) await makeClip(number);
const server = await cluster.serve({ args: ["--jobs-per-minute", "10000"] });
const client = await cluster.join("all-cores");
const own = { pid: process.pid }; // what is started here counts for both
const loop = { name: "a loop", processes: [own] };
const whole = { name: "a folder", processes: [own, server, client] };
await compareSides(
  [loop, whole],
  Number(values.runs ?? 3),
  async (side) => {
    await mkdir(outputs);
    await (side === loop ? loopOfFfmpeg() : submitFolder());
    const made = (await readdir(outputs)).filter((name) => name.endsWith(".mp4"));
    if (made.length !== clips) throw new Error(`${made.length} of ${clips} outputs`);
    await rm(outputs, { recursive: true });
  },
  "≤ 0.80×",
);

async function makeClip(number: number): Promise<void> {
  const paths = MADE_OF.flatMap((name) => mediaPath(name) ?? []);
  const source = paths[number % paths.length];
  if (source === undefined) throw new Error("no media: set FFCLUSTER_MEDIA_DIR");
  const from = String((Math.floor(number / paths.length) * 3) % 22);
  const input = ["-ss", from, "-t", String(CLIP_SECONDS), "-i", source, "-map", "0:v:0", "-map", "0:a?"];
  const video = [
    "-vf",
    "scale=1280:720,setsar=1",
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "20",
    "-c:a",
    "aac",
  ];
  await run([...FFMPEG, ...input, ...video, join(folder, `clip ${String(number).padStart(3, "0")}.mp4`)]);
}

async function loopOfFfmpeg(): Promise<void> {
  const maps = ["-map", "0:v:0", "-map", "0:a?"];
  for (const name of (await readdir(folder)).sort()) {
    await run([...FFMPEG, "-i", join(folder, name), ...maps, ...PARAMS, "-c:a", "copy", join(outputs, name)]);
  }
}

async function submitFolder(): Promise<void> {
  const params = ["--ffmpeg-params", PARAMS.join(" ")];
  const ended = await cluster.command(["submit", folder, "--output-dir", outputs, ...params]);
  if (ended.exitCode !== 0) throw new Error(`${ended.stdout}\n${ended.stderr}`);
}
