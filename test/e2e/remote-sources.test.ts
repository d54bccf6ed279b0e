// A source on a web host, read in ranges through the server by two clients: exact, redacted, and never mixed.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobView } from "../../src/cluster/server/views.ts";
import { Cluster } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { RangeHost } from "../support/range-host.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const fixture = (name: string) => join(import.meta.dir, "../fixtures/tls", name);
const PARAMS = "-c:v libx264 -preset ultrafast -qp 0 -c:a aac";
const SECRET = "X-Amz-Signature=0123456789abcdef";

let cluster: Cluster;
let host: RangeHost;
let source: string;

beforeAll(async () => {
  cluster = await Cluster.make();
  source = cluster.path("film.mp4");
  await makeSynthetic(source, { frames: 100, gop: 10, withSound: true });
  const keys = { cert: await readFile(fixture("cert.pem"), "utf8"), key: await readFile(fixture("key.pem"), "utf8") };
  host = await RangeHost.open(keys, await readFile(source));
  const stores = cluster.path("stores.json");
  const trusted = { private: true, ca_file: fixture("cert.pem") };
  await writeFile(stores, JSON.stringify({ hosts: { [`localhost:${host.port}`]: trusted } }), { mode: 0o600 });
  const args = [
    "--stores",
    stores,
    "--benchmark-duration",
    "1",
    "--max-segment-duration",
    "1",
    "--chunk-size",
    "65536",
  ];
  await cluster.serve({ args: [...args, "--required-clients", "2"] });
  await Promise.all([cluster.join("client-1"), cluster.join("client-2")]);
}, 180_000);

afterAll(async () => {
  host[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

test("an https source: each block is read once for both clients, and the output is exact", async () => {
  const address = `https://localhost:${host.port}/films/film.mp4?${SECRET}`;
  const output = cluster.path("out.mp4");
  const ended = await cluster.command(["submit", address, "-o", output, "--ffmpeg-params", PARAMS, "--json"]);
  expect({ code: ended.exitCode, said: ended.exitCode === 0 ? "" : ended.stdout + ended.stderr }).toEqual({
    code: 0,
    said: "",
  });
  expect((await framesOf(output)).md5).toEqual((await framesOf(source)).md5);
  const [job] = await cluster.api<JobView[]>("/jobs");
  expect(job).toMatchObject({
    file_name: "film.mp4",
    source_url: `https://localhost:${host.port}/films/film.mp4?…`,
  });
  const shown = JSON.stringify([await cluster.jobDetail(job?.job_id ?? ""), ended.stdout, ended.stderr]);
  expect(shown + (await cluster.command(["jobs", "show", job?.job_id ?? ""])).stdout).not.toContain(SECRET);
  const [server] = cluster.running("serve");
  expect(server?.stderr()).not.toContain(SECRET);
  // Two looks, and every block once: never the whole.
  const blocks = host.requests.filter(({ ifMatch, range }) => ifMatch === '"one"' && range !== "bytes=0-0");
  expect(new Set(blocks.map(({ range }) => range)).size).toBe(blocks.length);
  expect(blocks).toHaveLength(Math.ceil(host.bytes.length / 65_536));
  expect(host.requests.every(({ range }) => range !== undefined)).toBe(true);
}, 120_000);
