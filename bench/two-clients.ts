// Efficiency of two clients on one core each, against the machine's own limit in the same run:
// (time of two independent whole encodes at once ÷ 2) ÷ cluster time.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, until } from "../test/support/cluster.ts";
import { benchOptions, median, print, run, seconds, spread } from "./lib.ts";

const PARAMS = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23"];
const EXECUTABLE = join(import.meta.dir, "../dist/ffcluster");

const { clip, runs } = benchOptions(3);
await using cluster = await Cluster.make();
await cluster.serve();
const clients = [0, 1].map((core) =>
  Bun.spawn(
    [
      "taskset",
      "-c",
      String(core),
      EXECUTABLE,
      "join",
      "--server",
      `127.0.0.1:${cluster.port}`,
      "--token",
      cluster.token,
      "--name",
      `core-${core}`,
      "--slots",
      "1",
      "--work-dir",
      cluster.path(`core-${core}`),
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  ),
);
try {
  await until("both clients are there", 20_000, async () => (await cluster.clients()).length === 2);
  const limit: number[] = [];
  const clustered: number[] = [];
  for (let round = 0; round < runs; round += 1) {
    const encode = (core: number) =>
      run([
        "taskset",
        "-c",
        String(core),
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
        "-threads",
        "1",
        "-c:a",
        "copy",
        cluster.path(`plain-${core}.mp4`),
      ]);
    limit.push((await seconds(() => Promise.all([encode(0), encode(1)]))) / 2);
    const output = cluster.path(`cluster-${round}.mp4`);
    clustered.push(
      await seconds(async () => {
        const ended = await cluster.command(["submit", clip, "-o", output, "--ffmpeg-params", PARAMS.join(" ")]);
        if (ended.exitCode !== 0) throw new Error(ended.stderr);
      }),
    );
    await rm(output);
    print(`round ${round + 1}: limit ${limit.at(-1)?.toFixed(2)} s, cluster ${clustered.at(-1)?.toFixed(2)} s`);
  }
  const efficiency = limit.map((value, index) => value / (clustered[index] ?? Number.NaN));
  print(`two encodes at once ÷ 2 ${spread(limit)} s`);
  print(`two clients             ${spread(clustered)} s`);
  print(`efficiency              ${spread(efficiency)}  (goal ≥ 0.90; median ${median(efficiency).toFixed(3)})`);
} finally {
  for (const client of clients) client.kill("SIGTERM");
  await Promise.all(clients.map((client) => client.exited));
}
