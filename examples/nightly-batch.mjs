// Encodes every video of a folder that has no output yet; run it each night. What failed is said, and tried again next time.
//   node nightly-batch.mjs FROM TO ["FFMPEG PARAMS"]
// FFCLUSTER_SERVER, FFCLUSTER_TOKEN and, for a server on another machine, FFCLUSTER_TLS_FINGERPRINT say where.
import { mkdir, readdir } from "node:fs/promises";
import { join, parse } from "node:path";
import { FfclusterClient, FfclusterError } from "ffcluster/client";

const [from, to, params = "-c:v libx265 -crf 24"] = process.argv.slice(2);
const { FFCLUSTER_SERVER: server = "127.0.0.1:5001", FFCLUSTER_TOKEN: token, FFCLUSTER_TLS_FINGERPRINT } = process.env;
const cluster = new FfclusterClient({ server, token, tlsFingerprint: FFCLUSTER_TLS_FINGERPRINT });
/** While one encodes, the next is uploaded. The server shares its clients among jobs by itself. */
const AT_A_TIME = 2;
const VIDEO = /\.(avi|m2ts|m4v|mkv|mov|mp4|mpg|ts|webm|wmv)$/i;

async function encode(name) {
  const output = `${parse(name).name}.mkv`;
  const job = await cluster.submit(join(from, name), { ffmpeg_params: params, output_name: output, name });
  await cluster.jobs.completed(job.job_id);
  await cluster.jobs.download(job.job_id, join(to, output));
}

await mkdir(to, { recursive: true });
const done = new Set((await readdir(to)).map((name) => parse(name).name));
const waiting = (await readdir(from)).filter((name) => VIDEO.test(name) && !done.has(parse(name).name)).sort();
let encoded = 0;
let failed = 0;

async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    try {
      await encode(name);
      encoded += 1;
      console.log(`${name}: done`);
    } catch (error) {
      if (!(error instanceof FfclusterError)) throw error;
      failed += 1;
      console.log(`${name}: ${error.code}: ${error.message}. ${error.hint}`);
    }
  }
}

await Promise.all(Array.from({ length: AT_A_TIME }, work));
console.log(`${encoded} encoded, ${failed} failed, ${done.size} were there`);
process.exitCode = failed === 0 ? 0 : 1;
