// Wall time of a whole job on one machine against plain ffmpeg with the same options on the same cores.
import { rm } from "node:fs/promises";
import { Cluster } from "../test/support/cluster.ts";
import { benchOptions, median, print, run, seconds, spread } from "./lib.ts";

const PARAMS = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23"];

const { clip, runs } = benchOptions(3);
await using cluster = await Cluster.make();
await cluster.serve();
await cluster.join("all-cores");
const plain: number[] = [];
const clustered: number[] = [];
for (let round = 0; round < runs; round += 1) {
  const reference = cluster.path("plain.mp4");
  plain.push(
    await seconds(() =>
      run([
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-y",
        "-i",
        clip,
        "-map",
        "0:v:0",
        "-map",
        "0:a?",
        ...PARAMS,
        "-c:a",
        "copy",
        reference,
      ]),
    ),
  );
  const output = cluster.path(`cluster-${round}.mp4`);
  clustered.push(
    await seconds(async () => {
      const ended = await cluster.command(["submit", clip, "-o", output, "--ffmpeg-params", PARAMS.join(" ")]);
      if (ended.exitCode !== 0) throw new Error(ended.stderr);
    }),
  );
  await rm(output);
  print(`round ${round + 1}: plain ${plain.at(-1)?.toFixed(2)} s, cluster ${clustered.at(-1)?.toFixed(2)} s`);
}
const ratios = clustered.map((value, index) => value / (plain[index] ?? Number.NaN));
print(`plain ffmpeg        ${spread(plain)} s`);
print(`server + one client ${spread(clustered)} s`);
print(`ratio               ${spread(ratios)}×  (goal ≤ 1.00×; median ${median(ratios).toFixed(3)})`);
