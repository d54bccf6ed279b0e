// A thousand submits: jobs a second, how long the answer to a POST /jobs takes, and the memory of the server with so many
// jobs that wait. Each submit has a source of its own below a media root, whose opening is not counted; no client is there.
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Cluster } from "../test/support/cluster.ts";
import { print, run } from "./lib.ts";

const { values } = parseArgs({ options: { jobs: { type: "string" }, "at-once": { type: "string" } } });
const jobs = Number(values.jobs ?? 1000);
const atOnce = Number(values["at-once"] ?? 4);

await using cluster = await Cluster.make();
const films = cluster.path("films");
await mkdir(films);
const first = join(films, "0.mp4");
const video = "testsrc2=s=320x180:r=25:d=2";
await run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", video, "-c:v", "libx264", first]);
for (let number = 1; number < jobs; number += 1) await copyFile(first, join(films, `${number}.mp4`));
const args = ["--media-root", films, "--jobs-per-minute", "100000", "--log-level", "error"];
const server = await cluster.serve({ args });

const idle = await memoryMb("VmRSS");
const cpuBefore = await cpuSeconds();
const times: number[] = [];
let next = 0;
const began = performance.now();
await Promise.all(Array.from({ length: atOnce }, submitter));
const took = (performance.now() - began) / 1000;
times.sort((a, b) => a - b);
const at = (share: number) => `${(times[Math.ceil(times.length * share) - 1] ?? Number.NaN).toFixed(0)} ms`;
print(`${jobs} submits, ${atOnce} at a time: ${(jobs / took).toFixed(1)} jobs a second`);
print(`POST /jobs             median ${at(0.5)}  p99 ${at(0.99)}`);
print(
  `processor of the server and its programs  ${((((await cpuSeconds()) - cpuBefore) * 1000) / jobs).toFixed(0)} ms a job`,
);
print(`memory of the server   idle ${idle} MB, now ${await memoryMb("VmRSS")} MB, peak ${await memoryMb("VmHWM")} MB`);

async function submitter(): Promise<void> {
  for (let number = next++; number < jobs; number = next++) {
    const { source_id } = await post<{ source_id: string }>("/sources/on-server", { path: `${number}.mp4` });
    const start = performance.now();
    await post("/jobs", { source_id, ffmpeg_params: "-c:v libx264 -preset veryfast" });
    times.push(performance.now() - start);
  }
}

async function post<T>(path: string, body: object): Promise<T> {
  const headers = { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" };
  const response = await fetch(`${cluster.url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function memoryMb(what: "VmRSS" | "VmHWM"): Promise<string> {
  const status = await readFile(`/proc/${server.pid}/status`, "utf8");
  return (Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024).toFixed(0);
}

/** Of the server and the programs that it has waited for: fields 14 to 17, in hundredths of a second. */
async function cpuSeconds(): Promise<number> {
  const fields = (await readFile(`/proc/${server.pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / 100;
}
