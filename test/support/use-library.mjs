// What a program does with the packed client library, in plain Node. Run from a folder where the package is installed:
// `node use-library.mjs SERVER TOKEN FILE`. Says on stdout what the test waits for; the last line is JSON.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { FfclusterClient, FfclusterError } from "ffcluster/client";

const [server, token, path] = process.argv.slice(2);
const cluster = new FfclusterClient({ server, token });
const say = (text) => process.stdout.write(`${text}\n`);
const codeOf = (promise) =>
  promise.then(
    () => "none",
    (error) => (error instanceof FfclusterError ? [error.code, error.status, error.hint !== ""] : String(error)),
  );

const { size } = await stat(path);
const params = { ffmpeg_params: "-c:v libx264 -preset veryfast", output_name: "library.mp4" };
const stream = { name: "a stream.mp4", bytes: size, stream: createReadStream(path) };
const { job_id: id } = await cluster.submit(stream, params);
const seen = [];
for await (const job of cluster.jobs.follow(id)) {
  if (seen.length === 0) say("following");
  if (seen.at(-1) !== job.status) seen.push(job.status);
}
await cluster.jobs.download(id, "library.mp4");
const { output } = await cluster.jobs.completed(id);
const { output: proven } = await cluster.jobs.proof(id);
const again = await codeOf(cluster.jobs.download(id, "library.mp4"));
const short = await codeOf(cluster.submit({ ...stream, bytes: 9, stream: createReadStream(path) }));
const { job_id: other } = await cluster.submit(path, { ...params, priority: 1 });
const moved = await cluster.jobs.move(other.slice(0, 12), { priority: 90 });
const cancelled = await cluster.jobs.cancel(other);
const failure = await codeOf(cluster.jobs.completed(other));
const detail = await cluster.jobs.show(id);
say(
  JSON.stringify({
    seen,
    output,
    proven,
    again,
    short,
    priority: moved.priority,
    cancelled: cancelled.status,
    failure,
    request: detail.ffmpeg_params,
    listed: (await cluster.jobs.list({ status: ["Completed", "Cancelled"], order: "desc" })).map((job) => job.job_id),
    ids: [other, id],
    clients: (await cluster.clients.list()).map(({ name }) => name),
    version: (await cluster.server()).version,
    noStore: await codeOf(cluster.submit("s3://films/a.mkv", { copy_source: false })),
    beside: await codeOf(cluster.jobs.move(id, { to: "first", before: other })),
    unknown: await codeOf(cluster.jobs.get("nothing")),
    refused: await codeOf(new FfclusterClient({ server, token: "wrong" }).jobs.list()),
    nowhere: await codeOf(new FfclusterClient({ server: "127.0.0.1:1", token }).server()),
    address: await codeOf((async () => new FfclusterClient({ server: "a b", token }))()),
    ended: await codeOf(cluster.jobs.completed(id, { signal: AbortSignal.abort(new Error("enough")) })),
  }),
);
