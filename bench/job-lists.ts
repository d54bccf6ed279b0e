// How soon a server with 10,000 jobs answers lists of them: pages, filters, a page from the middle, and all at once. The jobs
// are copies of one that has ended, with ids, times and owners of their own.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newId } from "../src/base/ids.ts";
import { Cluster } from "../test/support/cluster.ts";
import { print, run } from "./lib.ts";

const JOBS = 10_000;
const runs = Number(parseArgs({ options: { runs: { type: "string" } } }).values.runs ?? 300);

await using cluster = await Cluster.make();
const source = cluster.path("source.mp4");
const video = "testsrc2=s=64x64:r=25:d=1";
await run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", video, "-c:v", "libx264", source]);
const args = ["--log-level", "error"];
const first = await cluster.serve({ args });
const jobId = await cluster.submit(source, cluster.path("out.mp4"), "-c:v libx264");
await cluster.command(["cancel", jobId]);
first.kill("SIGTERM");
await first.exited;
fill(join(cluster.workDir, "db", "server.db"));
const server = await cluster.serve({ args });

const headers = { authorization: `Bearer ${cluster.token}` };
const middle = /<([^>]+)>/.exec((await ask("/api/v1/jobs?limit=1000")).headers.get("link") ?? "")?.[1] ?? "";
for (const [what, path] of [
  ["the newest 100", "/api/v1/jobs?limit=100&order=desc"],
  ["100 of one state", "/api/v1/jobs?limit=100&status=Cancelled"],
  ["100 of one owner, behind a time", "/api/v1/jobs?limit=100&owner=owner-7&since=2026-01-03T00:00:00Z"],
  ["1000 from the middle", middle],
  ["all at once", "/api/v1/jobs"],
] as const) {
  const times: number[] = [];
  const cpuBefore = await cpuMs();
  for (let count = 0; count < runs; count += 1) {
    const began = performance.now();
    await (await ask(path)).arrayBuffer();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => `${(times[Math.ceil(times.length * share) - 1] ?? Number.NaN).toFixed(1)} ms`;
  const cpu = `${(((await cpuMs()) - cpuBefore) / runs).toFixed(1)} ms`;
  print(`${what.padEnd(32)} median ${at(0.5).padStart(9)}  p99 ${at(0.99).padStart(9)}  processor ${cpu.padStart(8)}`);
}
print("goal: a page in less than 50 ms (p99)");

/** Of the server, all its threads: others on the machine do not change it much. Fields 14 and 15, in hundredths of a second. */
async function cpuMs(): Promise<number> {
  const fields = (await Bun.file(`/proc/${server.pid}/stat`).text()).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function ask(path: string): Promise<Response> {
  return fetch(cluster.url + path, { headers });
}

function fill(path: string): void {
  using database = new Database(path);
  const row = database.query<{ record: string }, []>("SELECT * FROM jobs").get();
  if (row === null) throw new Error("there is no job");
  const names = Object.keys(row);
  const insert = database.query(
    `INSERT INTO jobs (${names.join(", ")}) VALUES (${names.map((name) => `$${name}`).join(", ")})`,
  );
  database.transaction(() => {
    for (let count = 1; count < JOBS; count += 1) {
      const id = newId();
      const owner = { tokenId: `token-${count % 10}`, name: `owner-${count % 10}` };
      const record = JSON.stringify({ ...JSON.parse(row.record), jobId: id, owner });
      const created_at = new Date(Date.UTC(2026, 0, 1) + count * 60_000).toISOString();
      const values = Object.entries({ ...row, id, record, created_at });
      insert.run(Object.fromEntries(values.map(([name, value]) => [`$${name}`, value])));
    }
  })();
}
