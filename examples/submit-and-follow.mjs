// Submits one video, shows how far it is, and brings the result.
//   node submit-and-follow.mjs INPUT OUTPUT ["FFMPEG PARAMS"]
// FFCLUSTER_SERVER, FFCLUSTER_TOKEN and, for a server on another machine, FFCLUSTER_TLS_FINGERPRINT say where:
// `ffcluster invite` prints the fingerprint, `ffcluster token create --role submit --name NAME` makes a token.
import { basename } from "node:path";
import { FfclusterClient, FfclusterError } from "ffcluster/client";

const [input, output, params = "-c:v libx264 -crf 20"] = process.argv.slice(2);
const { FFCLUSTER_SERVER: server = "127.0.0.1:5001", FFCLUSTER_TOKEN: token, FFCLUSTER_TLS_FINGERPRINT } = process.env;
const cluster = new FfclusterClient({ server, token, tlsFingerprint: FFCLUSTER_TLS_FINGERPRINT });

try {
  const wanted = { ffmpeg_params: params, output_name: basename(output) };
  const { job_id: id } = await cluster.submit(input, wanted, {
    onUpload: (have, total) => console.log(`uploaded ${have} of ${total} bytes`),
  });
  for await (const { status, progress } of cluster.jobs.follow(id)) console.log(`${status} ${progress.toFixed(1)} %`);
  await cluster.jobs.completed(id); // throws what the job failed with
  await cluster.jobs.download(id, output);
  const { exact, frames } = await cluster.jobs.proof(id);
  console.log(`${output}: ${frames.in_output} frames, ${exact ? "exact" : "not exact"}`);
} catch (error) {
  if (!(error instanceof FfclusterError)) throw error;
  console.error(`${error.code}: ${error.message}. ${error.hint}`);
  process.exitCode = 1;
}
