import { expect, test } from "bun:test";
import { join } from "node:path";
import type { SchedulerEvent } from "../../scheduler/model/decision.ts";
import type { Job, JobStatus } from "../../scheduler/model/job.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import { Metrics } from "./metrics.ts";

const EXAMPLES = join(import.meta.dir, "../../../../examples/monitoring");
const promtool = Bun.which("promtool");
const hasPromtool = promtool === null ? test.skip : test;
const why = promtool === null ? " (skipped: promtool is missing, the Debian package prometheus has it)" : "";

const empty: SchedulerState = { jobs: new Map(), clients: new Map(), attempts: new Map() };
const event = (change: Partial<SchedulerEvent>): SchedulerEvent => ({
  ...{ at: "", type: "job-status", jobId: "j", clientId: null, segmentIndex: null, attemptId: null, detail: "" },
  ...change,
});

function withJob(status: JobStatus): SchedulerState {
  const job = {
    ...{ id: "j", status, segments: [{ index: 0, frames: 40, phase: { kind: "verified" } }], totalFrames: 100 },
    ...{ durationSeconds: null, settings: {}, encoder: "libx264" },
  } as unknown as Job;
  return { ...empty, jobs: new Map([["j", job]]) };
}

async function filled(): Promise<string> {
  let now = 0;
  const metrics = new Metrics(() => now);
  metrics.committed(withJob("Processing"), [
    event({ type: "segment-verified", segmentIndex: 0 }),
    event({ type: "segment-retry", cause: "io", segmentIndex: 1 }),
    event({ type: "lease-lost" }),
  ]);
  metrics.committed(withJob("Combining"), [event({})]);
  now = 3000;
  metrics.committed(withJob("Completed"), [event({})]);
  metrics.dispatched(0.002);
  metrics.moved("in", "source", 7);
  const text = await metrics.text(withJob("Completed"));
  metrics.stop();
  return text;
}

async function check(what: "metrics" | "rules", file: string | null, input: string): Promise<string> {
  const child = Bun.spawn([promtool ?? "", "check", what, ...(file === null ? [] : [file])], {
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, ...said] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return code === 0 ? "ok" : `${code}: ${said.join("")}`;
}

test("counters follow from what was committed", async () => {
  const text = await filled();
  for (const line of [
    'ffcluster_jobs{status="Completed"} 1',
    "ffcluster_segments_verified_total 1",
    "ffcluster_frames_verified_total 40",
    'ffcluster_segment_retries_total{reason="io"} 1',
    "ffcluster_lease_expiries_total 1",
    'ffcluster_jobs_ended_total{status="Completed"} 1',
    "ffcluster_stitch_seconds_sum 3",
    "ffcluster_dispatch_seconds_count 1",
    'ffcluster_transfer_bytes_total{direction="in",content="source"} 7',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});

hasPromtool(`promtool finds nothing wrong with them${why}`, async () => {
  expect(await check("metrics", null, await filled())).toBe("ok");
});

hasPromtool(`promtool takes the alert rules${why}`, async () => {
  expect(await check("rules", join(EXAMPLES, "alerts.yml"), "")).toBe("ok");
});

test("dashboard, alerts and documentation name metrics that there are; the documentation has all", async () => {
  const text = await filled();
  const there = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
  const named = async (path: string) => {
    const found = (await Bun.file(path).text()).matchAll(/\bffcluster_[a-z_]+/g);
    return new Set([...found].map(([name]) => name.replace(/_(bucket|sum|count)$/, "")));
  };
  for (const file of ["grafana.json", "alerts.yml"]) {
    const used = await named(join(EXAMPLES, file));
    expect(used.size).toBeGreaterThan(5);
    expect([...used].filter((name) => !there.has(name))).toEqual([]);
  }
  expect([...(await named(join(EXAMPLES, "../../docs/MONITORING.md")))].sort()).toEqual([...there].sort());
});
