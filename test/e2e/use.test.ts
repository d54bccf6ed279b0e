// The four lines of use, as a person types them: no token, no ports, two bare clients in one folder.
import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { STOPPED_WITHIN_MS } from "../../src/base/process/terminate.ts";
import type { ClientView, JobView } from "../../src/cluster/server/views.ts";
import { Cluster, processesUsing, until } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { giveKeptEncoders } from "../support/kept-encoders.ts";
import { withinPromise } from "../support/lateness.ts";
import { hardCase, mediaPath } from "../support/media.ts";
import { outputOf } from "../support/programs.ts";
import { makeSynthetic } from "../support/synthetic.ts";

test("submit --participate against a server with no other client; then jobs list", async () => {
  await using cluster = await Cluster.make();
  const source = await hardCase("irregular-gop.mp4");
  // The token is made by the server and found by the same user's commands.
  const server = cluster.start("serve", ["serve", "--host", "127.0.0.1", "--port", String(cluster.port)]);
  await until(
    "the server answers",
    60_000,
    async () => (await fetch(`${cluster.url}/healthz`).catch(() => null))?.ok === true,
  );
  const joinLine = /ffcluster join --server \S+ --token \S+/;
  await until("the join line is there", 60_000, async () => joinLine.test(server.stderr()));
  const address = ["--server", `localhost:${cluster.port}`];
  const output = cluster.path("irregular.out.mp4");
  await giveKeptEncoders(cluster.path("work"), {});
  const ended = await cluster.run(["submit", source, "-o", output, "--participate", ...address]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 0 });
  const [want, got] = await Promise.all([framesOf(source), framesOf(output)]);
  expect(got.md5.length).toBe(want.md5.length);

  const list = await cluster.run(["jobs", "list", "--json", ...address]);
  const [job, ...others] = JSON.parse(list.stdout) as JobView[];
  expect(others).toEqual([]);
  expect(job).toMatchObject({
    status: "Completed",
    progress: 100,
    file_name: "irregular-gop.mp4",
    encoder: "libx264",
    family: "software",
  });
  const bytes = await Bun.file(output).bytes();
  expect(job?.output).toMatchObject({ bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });

  const table = await cluster.run(["jobs", "list", ...address]);
  expect(table.stdout).toContain("Completed");
  const proof = await cluster.run(["jobs", "proof", job?.job_id.slice(0, 8) ?? "", ...address]);
  expect(proof.exitCode).toBe(0);
  expect(proof.stdout).toMatch(/exact/i);
  const clients = JSON.parse((await cluster.run(["clients", "list", "--json", ...address])).stdout) as ClientView[];
  expect(clients).toHaveLength(1);
  const byName = await cluster.run(["clients", "show", clients[0]?.name ?? "", "--json", ...address]);
  expect(JSON.parse(byName.stdout)).toMatchObject({ client_id: clients[0]?.client_id });
  const ofFile = await cluster.run(["jobs", "show", job?.file_name ?? "", "--json", ...address]);
  expect(JSON.parse(ofFile.stdout)).toMatchObject({ job_id: job?.job_id });
  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
}, 180_000);

test("two bare joins and a submit --participate in one folder have an identity each and keep it", async () => {
  await using cluster = await Cluster.make();
  await cluster.serve();
  const shared = ["--work-dir", cluster.path("shared-work")];
  await giveKeptEncoders(cluster.path("shared-work"), {});
  const connect = ["--server", `127.0.0.1:${cluster.port}`, "--token", cluster.token];
  const first = cluster.start("first", ["join", ...connect, ...shared]);
  const second = cluster.start("second", ["join", ...connect, ...shared]);
  await until("both are there", 60_000, async () => (await cluster.clients()).length === 2);
  const ids = (await cluster.clients()).map((client) => client.client_id).sort();
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: 50, gop: 25 });
  const ended = await cluster.command(["submit", source, "-o", cluster.path("o.mp4"), "--participate", ...shared]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 0 });
  expect(new Set((await cluster.clients()).map((client) => client.client_id)).size).toBe(3);
  for (const client of [first, second]) client.kill("SIGTERM");
  await Promise.all([first.exited, second.exited]);
  const again = cluster.start("again", ["join", ...connect, ...shared]);
  await until("one is back under an id it had", 60_000, async () =>
    (await cluster.clients()).some((client) => client.status !== "Disconnected"),
  );
  const back = (await cluster.clients())
    .filter((client) => client.status !== "Disconnected")
    .map((client) => client.client_id);
  expect(back).toHaveLength(1);
  expect([...ids, ...(await cluster.clients()).map((client) => client.client_id)]).toContain(back[0] ?? "");
  expect((await cluster.clients()).length).toBe(3);
  again.kill("SIGTERM");
  await again.exited;
}, 180_000);

test("the states are seen in order, with their moments", async () => {
  await using cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "2", "--max-segment-duration", "2"] });
  const jobId = await cluster.submit(
    await hardCase("irregular-gop.mp4"),
    cluster.path("o.mp4"),
    "-c:v libx264 -preset ultrafast",
  );
  await cluster.untilJob(jobId, "waits for clients", 60_000, (job) => job.status === "WaitingForClients");
  await cluster.join("late", ["--slots", "1"]);
  await cluster.untilComplete(jobId, 60_000);
  const { events } = await cluster.jobDetail(jobId);
  const statuses = events
    .filter((event) => event.type === "job-status")
    .map((event) => event.detail.split(" → ").at(-1));
  const order = ["WaitingForClients", "Benchmarking", "Processing", "Combining", "Completed"];
  expect(statuses.filter((status) => order.includes(status ?? ""))).toEqual(order);
  for (const event of events) expect(Number.isNaN(Date.parse(event.at))).toBe(false);
}, 180_000);

test("on-server files, the seed's command lines, ranges of the output", async () => {
  await using cluster = await Cluster.make();
  const root = cluster.path("media");
  await mkdir(root);
  await makeSynthetic(join(root, "one.mp4"), { frames: 50, gop: 25 });
  await cluster.serve({ args: ["--media-root", root] });
  await cluster.join("one");
  const post = async (body: unknown, token = cluster.token) => {
    const response = await fetch(`${cluster.url}/ws/command`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  expect((await post({ ListJobs: null }, "wrong")).status).toBe(401);
  const created = await post({ ProcessLocalFile: { file_path: "one.mp4" } });
  const jobId = (created.body as { JobCreated?: { job_id: string } }).JobCreated?.job_id ?? "";
  expect(jobId).not.toBe("");
  await cluster.untilComplete(jobId, 60_000);
  const status = (await post({ GetJobStatus: { job_id: jobId } })).body as {
    JobStatus?: { job_id: string; status: string };
  };
  expect(status.JobStatus).toMatchObject({ job_id: jobId, status: "Completed" });
  expect(((await post({ ListJobs: null })).body as { JobsList?: unknown[] }).JobsList).toHaveLength(1);
  const clients =
    ((await post({ ListClients: null })).body as { ClientsList?: { client_id: string }[] }).ClientsList ?? [];
  expect(clients).toHaveLength(1);
  expect((await post({ CancelJob: { job_id: jobId } })).body).toHaveProperty("Error.code", "E_WRONG_STATE");
  expect((await post({ GetJobStatus: { job_id: "ffffffff" } })).body).toHaveProperty("Error.code", "E_UNKNOWN_ID");
  expect((await post({ Nonsense: null })).body).toHaveProperty("Error");

  const head = { authorization: `Bearer ${cluster.token}` };
  const whole = await (await fetch(`${cluster.url}/api/v1/jobs/${jobId}/output`, { headers: head })).bytes();
  const part = await fetch(`${cluster.url}/api/v1/jobs/${jobId}/output`, {
    headers: { ...head, range: "bytes=100-199" },
  });
  expect(part.status).toBe(206);
  expect(await part.bytes()).toEqual(whole.subarray(100, 200));

  await post({ DisconnectClient: { client_id: clients[0]?.client_id } });
  await until("the client is gone", 60_000, async () =>
    (await cluster.clients()).every((client) => client.status === "Disconnected"),
  );
}, 180_000);

test.skipIf(mediaPath("flower-540p29.97-5s.mp4") === null)(
  "Ctrl-C of a submit leaves the job running, exit 130, no ffmpeg left of a participant",
  async () => {
    await using cluster = await Cluster.make();
    await cluster.serve();
    await giveKeptEncoders(cluster.path("work"), {});
    const submit = cluster.start("submit", [
      "submit",
      mediaPath("flower-540p29.97-5s.mp4") ?? "",
      "-o",
      cluster.path("o.mp4"),
      "--participate",
      "--json",
      "--ffmpeg-params",
      "-c:v libx264 -preset veryslow -crf 5",
      "--server",
      `127.0.0.1:${cluster.port}`,
      "--token",
      cluster.token,
    ]);
    await until("it encodes", 60_000, async () =>
      (await cluster.api<JobView[]>("/jobs")).some((job) => job.frames.done > 0),
    );
    submit.kill("SIGINT");
    expect(await submit.exited).toBe(130);
    const [job] = await cluster.api<JobView[]>("/jobs");
    expect(["Benchmarking", "Processing", "WaitingForClients", "Queued"]).toContain(job?.status ?? "");
    const isGone = async () =>
      (await processesUsing(cluster.folder)).every(({ command }) => !command.includes("ffmpeg"));
    await withinPromise("the end of ffmpeg", STOPPED_WITHIN_MS, () => until("no ffmpeg is left", 60_000, isGone));
  },
  120_000,
);

test("--exactly=false takes a source without times on its word, and the proof does not call it exact", async () => {
  await using cluster = await Cluster.make();
  await cluster.serve({ args: ["--exactly=false"] });
  await cluster.join("one");
  const output = cluster.path("o.mkv");
  // A frame of this rate is no whole number of ticks, so the stream is not remuxed to a file that has times.
  const source = cluster.path("odd-rate.264");
  const made = [
    "-r",
    "73/10",
    "-i",
    await hardCase("raw-annexb.h264"),
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    source,
  ];
  await outputOf("ffmpeg", ["-nostdin", "-v", "error", ...made]);
  const ended = await cluster.command(["submit", source, "-o", output, "--ffmpeg-params", "-c:v ffv1", "--json"]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 0 });
  const last = JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}") as {
    proof: { exact: boolean; checks: { name: string; ok: boolean }[] };
  };
  expect(last.proof.exact).toBe(false);
  expect(last.proof.checks.filter((check) => !check.ok).map((check) => check.name)).toEqual(["frames counted"]);
  expect((await framesOf(output)).md5).toEqual([...(await framesOf(source)).md5]);
}, 180_000);
