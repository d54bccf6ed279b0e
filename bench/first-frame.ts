// Seconds from `submit --on-server` to the first encoded frame the server knows of, for a short and a long source.
import { basename, dirname } from "node:path";
import { Cluster } from "../test/support/cluster.ts";
import { benchOptions, print, run, spread } from "./lib.ts";

const { clip, runs } = benchOptions(5);
await using cluster = await Cluster.make();
const short = cluster.path("ten-seconds.mp4");
const long = cluster.path("one-hour.mp4");
await run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", clip, "-t", "10", "-c", "copy", short]);
await run([
  "ffmpeg",
  "-nostdin",
  "-v",
  "error",
  "-y",
  "-stream_loop",
  "57",
  "-i",
  clip,
  "-t",
  "3600",
  "-c",
  "copy",
  long,
]);
await cluster.serve({ args: ["--media-root", dirname(short)] });
await cluster.join("one");

/** The job's own stream of views tells the moment at which frames are first counted. */
async function firstFrame(source: string): Promise<number> {
  const start = performance.now();
  const submitted = await cluster.command([
    "submit",
    basename(source),
    "--on-server",
    "--detach",
    "--json",
    "-o",
    cluster.path("x.mp4"),
    "--ffmpeg-params",
    "-c:v libx264 -preset veryfast -crf 23",
  ]);
  const { job_id: jobId } = JSON.parse(submitted.stdout.trim().split("\n").at(-1) ?? "{}") as { job_id: string };
  const watch = await fetch(`${cluster.url}/api/v1/jobs/${jobId}/watch`, {
    headers: { authorization: `Bearer ${cluster.token}` },
  });
  let text = "";
  for await (const chunk of watch.body ?? []) {
    text += new TextDecoder().decode(chunk);
    if (/"frames":\{"done":[1-9]/.test(text)) break;
  }
  const elapsed = (performance.now() - start) / 1000;
  await cluster.command(["cancel", jobId]);
  return elapsed;
}

for (const [name, source] of [
  ["10 seconds", short],
  ["1 hour", long],
] as const) {
  const times: number[] = [];
  for (let round = 0; round < runs; round += 1) times.push(await firstFrame(source));
  print(`first frame of ${name.padEnd(10)} ${spread(times)} s  (goal ≤ 1 s)`);
}
