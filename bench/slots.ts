// `--slots auto` against every fixed number of slots, one client, one job at a time; and for the encoders that thread
// badly, one client against plain ffmpeg with the same options.
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Cluster, until } from "../test/support/cluster.ts";
import { mediaPath } from "../test/support/media.ts";
import { median, print, run, seconds } from "./lib.ts";

const ENCODERS: Readonly<Record<string, readonly string[]>> = {
  x264: ["-c:v", "libx264", "-preset", "medium", "-crf", "23"],
  x265: ["-c:v", "libx265", "-preset", "medium", "-crf", "28"],
  svtav1: ["-c:v", "libsvtav1", "-preset", "8", "-crf", "35"],
  vp9: ["-c:v", "libvpx-vp9", "-crf", "33", "-b:v", "0", "-deadline", "good", "-cpu-used", "4"],
  aom: ["-c:v", "libaom-av1", "-crf", "35", "-b:v", "0", "-cpu-used", "6"],
};
/** Their own threads leave cores idle: segments side by side must gain. */
const AGAINST_PLAIN = new Set(["vp9", "aom"]);

const { values } = parseArgs({
  options: { clip: { type: "string" }, runs: { type: "string" }, only: { type: "string" } },
});
const clip = values.clip ?? mediaPath("bbb-1080p25-62s.mp4");
if (clip === null) throw new Error("no clip: set FFCLUSTER_MEDIA_DIR or give --clip FILE");
const runs = Number(values.runs ?? 3);
const names = values.only?.split(",") ?? Object.keys(ENCODERS);
const fixed = Array.from({ length: availableParallelism() + 1 }, (_, index) => String(index + 1));

await using cluster = await Cluster.make();
await cluster.serve();
let clients = 0;

/** Wall seconds of one job with one client of so many slots. */
async function clustered(slots: string, params: readonly string[]): Promise<number> {
  clients += 1;
  const client = await cluster.join(`client-${clients}`, ["--slots", slots, "--hw-accel", "none"]);
  const output = cluster.path(`out-${clients}.mp4`);
  const took = await seconds(async () => {
    const ended = await cluster.command(["submit", clip ?? "", "-o", output, "--ffmpeg-params", params.join(" ")]);
    if (ended.exitCode !== 0) throw new Error(ended.stderr);
  });
  client.kill("SIGTERM");
  await client.exited;
  await until("the client is gone", 20_000, async () =>
    (await cluster.clients()).every(({ status }) => status === "Disconnected"),
  );
  await rm(output);
  return took;
}

async function plain(params: readonly string[]): Promise<number> {
  const output = cluster.path("plain.mp4");
  const command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", clip ?? "", "-map", "0:v:0", "-map", "0:a?"];
  return await seconds(() => run([...command, ...params, "-c:a", "copy", output]));
}

for (const name of names) {
  const params = ENCODERS[name];
  if (params === undefined) throw new Error(`no encoder ${name}; there are ${Object.keys(ENCODERS).join(", ")}`);
  const times = new Map<string, number[]>();
  const note = (key: string, took: number) => times.set(key, [...(times.get(key) ?? []), took]);
  for (let round = 0; round < runs; round += 1) {
    for (const slots of ["auto", ...fixed]) note(slots, await clustered(slots, params));
    if (AGAINST_PLAIN.has(name)) note("plain", await plain(params));
  }
  const of = (key: string) => median(times.get(key) ?? []);
  const best = Math.min(...fixed.map(of));
  const each = fixed.map((slots) => `${slots}: ${of(slots).toFixed(1)} s`).join(", ");
  print(
    `${name}: auto ${of("auto").toFixed(1)} s, fixed ${each}; auto ÷ best ${(of("auto") / best).toFixed(3)} (goal ≤ 1.05)`,
  );
  if (AGAINST_PLAIN.has(name)) {
    print(`${name}: plain ffmpeg ${of("plain").toFixed(1)} s, ${(of("plain") / of("auto")).toFixed(2)}× (goal ≥ 1.5)`);
  }
}
