// What an operator sees of a cluster from outside: metrics, traces, the log as JSON, ffmpeg's words, and the end told to others.
import { expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { Cluster, until } from "../support/cluster.ts";
import { makeSynthetic } from "../support/synthetic.ts";

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}

/** As much of a collector as a test needs. */
function collector() {
  const spans: OtlpSpan[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (new URL(request.url).pathname !== "/v1/traces") return new Response(null, { status: 404 });
      const body = (await request.json()) as { resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] };
      spans.push(...body.resourceSpans.flatMap((of) => of.scopeSpans.flatMap((scope) => scope.spans)));
      return Response.json({});
    },
  });
  return { spans, url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

test("metrics, a trace of the job, JSON lines, logs of attempts, and a program that is told of the end", async () => {
  const collected = collector();
  await using cluster = await Cluster.make();
  const own = ["--metrics", "open", "--traces", collected.url, "--log-format", "json", "--log-level", "debug"];
  const server = await cluster.serve({ args: own });
  await cluster.join("attic", ["--slots", "1"]);
  const source = cluster.path("source.mp4");
  await makeSynthetic(source, { frames: 50, gop: 25 });
  const hook = cluster.path("hook");
  await Bun.write(
    hook,
    `#!/bin/sh\nprintf '%s|' "$FFCLUSTER_STATUS" "$FFCLUSTER_OUTPUT" "$1" > '${cluster.path("told")}'\nexit 3\n`,
  );
  await chmod(hook, 0o755);
  const output = cluster.path("o.mp4");
  const telling = ["--on-complete", `${hook} "a b"`];
  const ended = await cluster.command(["submit", source, "-o", output, ...telling]);
  expect({ exitCode: ended.exitCode, stderr: ended.stderr }).toMatchObject({ exitCode: 0 });
  expect(ended.stderr).toContain("ended with exit code 3");
  expect(await Bun.file(cluster.path("told")).text()).toBe(`completed|${output}|a b|`);

  const metrics = (await (await fetch(`${cluster.url}/metrics`)).text()).split("\n");
  expect(metrics).toContain('ffcluster_jobs_ended_total{status="Completed"} 1');
  expect(metrics).toContain("ffcluster_frames_verified_total 50");
  expect(metrics).toContain("ffcluster_stitch_seconds_count 1");
  expect(metrics).toContain('ffcluster_client_frames_per_second{client="attic"} 0');

  const [job] = await cluster.json<{ job_id: string }[]>(["jobs", "list"]);
  const jobId = job?.job_id ?? "";
  const logs = await cluster.json<{ client: string; outcome: string }[]>(["jobs", "logs", jobId]);
  expect(logs[0]).toMatchObject({ client: "attic", outcome: "segment-verified" });
  expect((await cluster.command(["jobs", "logs", jobId])).exitCode).toBe(0);

  const traceId = jobId.replaceAll("-", "");
  await until("the whole job is a span", 60_000, async () => collected.spans.some(({ name }) => name === "job"));
  expect(new Set(collected.spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const root = collected.spans.find(({ name }) => name === "job");
  const below = collected.spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId).map(({ name }) => name);
  expect(new Set(below)).toEqual(new Set(["index", "attempt", "stitch", "proof"]));

  server.kill("SIGTERM");
  expect(await server.exited).toBe(0);
  collected.stop();
  const lines = server
    .stderr()
    .split("\n")
    .filter((line) => line !== "");
  const documents = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(documents.find(({ message }) => message === "the server is ready")).toMatchObject({ level: "info" });
  const verified = documents.find(({ message }) => message === "segment-verified");
  expect(verified).toMatchObject({ job: jobId, segment: 0, client: expect.any(String), attempt: expect.any(String) });
}, 180_000);
