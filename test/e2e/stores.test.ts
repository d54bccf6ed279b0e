// Sources and outputs in a real object store: exact, with no key told to anybody, and no parts left by a server that was killed.
import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import type { JobView } from "../../src/cluster/server/views.ts";
import { Cluster, until } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { IS_LONG } from "../support/long-run.ts";
import { ObjectStore, VERSITYGW } from "../support/object-store.ts";
import { testWithProgram } from "../support/programs.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";

const PARAMS = "-c:v libx264 -preset ultrafast -qp 0 -c:a aac";

async function useStore(program: string): Promise<void> {
  await using cluster = await Cluster.make();
  await using store = await ObjectStore.open(program, cluster.path("store"), ["films", "results"]);
  await using proxy = await TcpProxy.open(() => store.port);
  const source = cluster.path("film.mkv");
  await makeSynthetic(source, { frames: 60, gop: 10, withSound: true });
  expect((await store.ask("PUT", "films/a%20b/film%2B1.mkv", new Uint8Array(await readFile(source)))).status).toBe(200);
  const { accessKeyId, secretAccessKey } = ObjectStore.keys;
  const keys = { access_key_id: accessKeyId, secret_access_key: secretAccessKey };
  const places = { sources: ["films"], outputs: ["results/done"] };
  const file = { s3: { lab: { endpoint: `http://127.0.0.1:${proxy.port}`, ...keys, ...places } } };
  const stores = cluster.path("stores.json");
  await writeFile(stores, JSON.stringify(file), { mode: 0o600 });
  const args = ["--stores", stores, "--benchmark-duration", "1", "--chunk-size", "65536"];
  let server = await cluster.serve({ args });
  await cluster.join("client-1");
  const from = "s3://films/a b/film+1.mkv";
  const submit = (to: string, ...more: string[]) =>
    cluster.command(["submit", from, "-o", to, "--ffmpeg-params", PARAMS, "--json", ...more]);

  const first = await submit("s3+lab://results/done/out.mp4");
  expect({ code: first.exitCode, said: first.exitCode === 0 ? "" : first.stdout + first.stderr }).toEqual({
    code: 0,
    said: "",
  });
  const stored = async (key: string) => {
    const path = cluster.path("stored.mp4");
    await writeFile(path, await (await store.ask("GET", `results/${key}`)).bytes());
    return (await framesOf(path)).md5;
  };
  const frames = (await framesOf(source)).md5;
  expect(await stored("done/out.mp4")).toEqual(frames);
  const [job] = await cluster.api<JobView[]>("/jobs");
  expect(job).toMatchObject({ source_url: from, output_url: "s3+lab://results/done/out.mp4" });
  const told =
    JSON.stringify(await cluster.jobDetail(job?.job_id ?? "")) + first.stdout + first.stderr + server.stderr();
  expect(told).not.toContain(secretAccessKey);
  expect(told).not.toContain("Signature");

  const refused = async (ended: ReturnType<typeof submit>) => (await ended).stdout.match(/"code":"(\w+)"/)?.[1];
  expect(await refused(submit("s3://results/done/out.mp4"))).toBe("E_OUTPUT_EXISTS");
  expect(await refused(submit("s3://results/other/out.mp4"))).toBe("E_FORBIDDEN");
  expect(await refused(submit("s3://films/out.mp4"))).toBe("E_FORBIDDEN");
  expect(await store.openUploads("results")).toBe(0);

  const detached = await submit("s3://results/done/killed.mp4", "--detach");
  const { job_id: killed } = JSON.parse(detached.stdout.trim().split("\n").at(-1) ?? "") as { job_id: string };
  proxy.hold("to-server"); // no part arrives
  await until("an upload has begun", 60_000, async () => (await store.openUploads("results")) > 0);
  server.kill("SIGKILL");
  await server.exited;
  proxy.heal();
  server = await cluster.serve({ args });
  await cluster.untilComplete(killed, 60_000);
  expect(await stored("done/killed.mp4")).toEqual(frames);
  expect(await store.openUploads("results")).toBe(0);

  const doomed = await submit("s3://results/done/cancelled.mp4", "--detach");
  const { job_id: cancelled } = JSON.parse(doomed.stdout.trim().split("\n").at(-1) ?? "") as { job_id: string };
  proxy.hold("to-server");
  await until("an upload has begun", 60_000, async () => (await store.openUploads("results")) > 0);
  expect((await cluster.command(["cancel", cancelled])).exitCode).toBe(0);
  proxy.heal();
  await until("its parts are gone", 30_000, async () => (await store.openUploads("results")) === 0);
  expect((await store.ask("HEAD", "results/done/cancelled.mp4")).status).toBe(404);
}

if (IS_LONG) testWithProgram(VERSITYGW, "from a store to a store, over a kill and a cancel", useStore, 240_000);
else test.skip("sources and outputs in a store (npm run test:long)", () => undefined);
