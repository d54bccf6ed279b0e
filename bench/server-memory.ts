// Peak resident memory of the server while a 2 GB source is uploaded, indexed and served block by block.
import { readFile, stat } from "node:fs/promises";
import { ApiClient } from "../src/api/client.ts";
import { uploadSource } from "../src/api/upload.ts";
import { Cluster } from "../test/support/cluster.ts";
import { benchOptions, print, run } from "./lib.ts";

const { clip } = benchOptions(1);
await using cluster = await Cluster.make();
const big = cluster.path("big.mp4");
const loops = Math.ceil(2e9 / (await stat(clip)).size);
await run([
  "ffmpeg",
  "-nostdin",
  "-v",
  "error",
  "-y",
  "-stream_loop",
  String(loops - 1),
  "-i",
  clip,
  "-c",
  "copy",
  big,
]);
const bytes = (await stat(big)).size;
const server = await cluster.serve();

async function peakMb(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

print(`idle                       ${(await peakMb()).toFixed(0)} MB`);
const headers = { authorization: `Bearer ${cluster.token}` };
const address = { isTls: false, host: "127.0.0.1", port: cluster.port };
const client = new ApiClient({ server: address, token: cluster.token });
const { source_id: sourceId } = await uploadSource(client, big, { onBytes() {} });
print(`after the upload of ${(bytes / 1e9).toFixed(1)} GB ${(await peakMb()).toFixed(0)} MB`);
const created = await fetch(`${cluster.url}/api/v1/jobs`, {
  method: "POST",
  headers: { ...headers, "content-type": "application/json" },
  body: JSON.stringify({ source_id: sourceId }),
});
const { job_id: jobId } = (await created.json()) as { job_id: string };
const blocks = Math.ceil(bytes / 1_048_576);
let next = 0;
const reader = async () => {
  for (let block = next++; block < blocks; block = next++) {
    const response = await fetch(`${cluster.url}/api/v1/sources/${sourceId}/blocks/${block}`, { headers });
    const body = await response.bytes();
    const digest = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    if (digest !== response.headers.get("x-ffcluster-sha256")) throw new Error(`block ${block} is wrong`);
  }
};
await Promise.all([reader(), reader(), reader(), reader()]);
print(`after indexing and serving ${(await peakMb()).toFixed(0)} MB  (goal < 200 MB)`);
await cluster.command(["cancel", jobId]);
