// What TLS costs, as ratios: https at one address of the same machine against plain http at another. Runs alternate. A job
// goes from `submit` to the finished file: upload, source blocks, result and download all pass the network. The gateway
// reads a file from the server, each time from an empty cache.
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ApiClient } from "../src/api/client.ts";
import { createJobSchema } from "../src/api/contract.ts";
import { uploadSource } from "../src/api/upload.ts";
import { silentLog } from "../src/base/log.ts";
import { pin, type Trust } from "../src/base/tls/trust.ts";
import { openSourceGateway } from "../src/cluster/client/gateway/source-gateway.ts";
import type { SourceOffer } from "../src/cluster/protocol/messages.ts";
import { Cluster, type Running, until } from "../test/support/cluster.ts";
import { mediaPath } from "../test/support/media.ts";
import { benchOptions, median, print, run, seconds, spread } from "./lib.ts";
import { compareSides } from "./two-sides.ts";

const FILE_MB = 200;
const BLOCK_BYTES = 1_048_576;
const PARAMS = "-c:v libx264 -preset veryfast -crf 23";

interface Side {
  readonly name: "plain" | "tls";
  /** Not taken for this machine's own, so that the file is uploaded. */
  readonly server: string;
  readonly trust: readonly string[];
}

async function serve(cluster: Cluster, args: readonly string[], workDir: string) {
  const own = ["serve", "--port", "0", "--work-dir", workDir, "--token", cluster.token, "--json"];
  const server = cluster.start("serve", [...own, ...args]);
  await until("the server is ready", 60_000, async () => server.stderr().includes("Ready.") && server.stdout() !== "");
  const { port, tls_fingerprint } = JSON.parse(server.stdout()) as { port: number; tls_fingerprint: string | null };
  return { server, port, fingerprint: tls_fingerprint };
}

async function joinTo(cluster: Cluster, side: Side): Promise<Running> {
  const where = ["--server", side.server, ...side.trust, "--token", cluster.token];
  const client = cluster.start(side.name, [
    ...["join", ...where, "--source-access", "gateway", "--work-dir", cluster.path(`${side.name}-client`)],
  ]);
  await until(`${side.name}: a client is connected`, 120_000, async () => client.stderr().includes("connected as"));
  return client;
}

async function doJob(cluster: Cluster, side: Side, clip: string): Promise<void> {
  const output = cluster.path(`${side.name}.mp4`);
  const where = ["--server", side.server, ...side.trust, "--token", cluster.token];
  const ended = await cluster.run(["submit", clip, "-o", output, "--ffmpeg-params", PARAMS, ...where]);
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
  await rm(output);
}

async function gatewaySeconds(serverUrl: string, token: string, tls: Trust | null, offer: SourceOffer, folder: string) {
  await mkdir(folder, { recursive: true });
  const remote = { serverUrl, token, ...(tls === null ? {} : { tls }) };
  const gateway = await openSourceGateway({ remote, cacheFolder: folder, log: silentLog });
  const source = gateway.open(offer);
  try {
    return await seconds(async () => {
      let bytes = 0;
      const response = await fetch(source.url);
      for await (const chunk of response.body ?? []) bytes += chunk.length;
      if (bytes !== offer.bytes) throw new Error(`the gateway gave ${bytes} of ${offer.bytes} bytes`);
    });
  } finally {
    source.release();
    await gateway.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A video of about that size; its job waits for a client that never comes, and keeps the source meanwhile. */
async function makeFile(from: string, path: string): Promise<void> {
  const times = Math.ceil((FILE_MB * 1e6) / (await stat(from)).size);
  await run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-stream_loop", String(times), "-i", from, "-c", "copy", path]);
}

const { clip: long, runs } = benchOptions(5);
const clip = process.argv.includes("--clip") ? long : (mediaPath("flower-540p29.97-5s.mp4") ?? long);
await using cluster = await Cluster.make();
const secure = await serve(cluster, [], cluster.workDir);
const unsecured = await serve(cluster, ["--tls", "off"], cluster.path("plain-work"));
const sides: readonly [Side, Side] = [
  { name: "plain", server: `http://127.1:${unsecured.port}`, trust: [] },
  { name: "tls", server: `https://127.2:${secure.port}`, trust: ["--tls-fingerprint", secure.fingerprint ?? ""] },
];
const clients = { plain: await joinTo(cluster, sides[0]), tls: await joinTo(cluster, sides[1]) };
await compareSides(
  [
    { name: "plain", processes: [unsecured.server, clients.plain] },
    { name: "tls", processes: [secure.server, clients.tls] },
  ],
  runs,
  async ({ name }) => doJob(cluster, name === "tls" ? sides[1] : sides[0], clip),
);
for (const client of Object.values(clients)) client.kill("SIGTERM");
await Promise.all(Object.values(clients).map((client) => client.exited));

const big = cluster.path("big.mkv");
await makeFile(clip, big);
const { size: bytes } = await stat(big);
const api = new ApiClient({ server: { isTls: false, host: "127.0.0.1", port: secure.port }, token: cluster.token });
const { source_id: sourceId } = await uploadSource(api, big, { onBytes() {} });
const nobody = { ffmpeg_params: "-c:v libx264 -an", output_name: "o.mkv", source_id: sourceId };
const { job_id: jobId } = await api.createJob(createJobSchema.parse(nobody));
await until("it is indexed", 300_000, async () => (await api.job(jobId)).frames.total !== null);
const digest = "0".repeat(64); // of the client's own check of a path, which is not asked here
const offer: SourceOffer = {
  ...{ sourceId, bytes, blockBytes: BLOCK_BYTES, path: big, mtimeMs: 0 },
  ...{ firstBlockSha256: digest, lastBlockSha256: digest },
};
const trust = pin(await readFile(join(cluster.workDir, "tls", "cert.pem"), "utf8"));
const rates = { plain: [] as number[], tls: [] as number[] };
for (let round = 0; round < runs; round += 1) {
  const read = {
    plain: () => gatewaySeconds(`http://127.0.0.1:${secure.port}`, cluster.token, null, offer, cluster.path("cache")),
    tls: () => gatewaySeconds(`https://127.0.0.2:${secure.port}`, cluster.token, trust, offer, cluster.path("cache")),
  };
  const order = ["plain", "tls"] as const;
  for (const name of round % 2 === 0 ? order : [...order].reverse())
    rates[name].push(bytes / 1e6 / (await read[name]()));
}
print(`gateway, plain http ${spread(rates.plain)} MB/s`);
print(`gateway, https      ${spread(rates.tls)} MB/s`);
print(`ratio               ${(median(rates.tls) / median(rates.plain)).toFixed(3)}×`);
secure.server.kill("SIGTERM");
unsecured.server.kill("SIGTERM");
await Promise.all([secure.server.exited, unsecured.server.exited]);
