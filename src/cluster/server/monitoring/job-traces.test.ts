import { expect, test } from "bun:test";
import { silentLog } from "../../../base/log.ts";
import type { SchedulerEvent } from "../../scheduler/model/decision.ts";
import type { Job, JobStatus } from "../../scheduler/model/job.ts";
import type { SchedulerState } from "../../scheduler/model/state.ts";
import { openTraces } from "./open-traces.ts";

const JOB = "5f0c2a52-1d7b-4c1e-9a35-0d6b7f4e2a11";

interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly status: { readonly code: number; readonly message?: string };
}

function stateOf(status: JobStatus): SchedulerState {
  const error = status === "Failed" ? { code: "E_ENCODE_FAILED", message: "no", hint: "" } : null;
  const times = { createdAt: "2026-11-22T10:00:00.000Z", startedAt: null, completedAt: null };
  const job = {
    id: JOB,
    status,
    error,
    ...times,
    fileName: "a.mp4",
    encoder: "libx264",
    segments: [],
  } as unknown as Job;
  return { jobs: new Map([[JOB, job]]), clients: new Map(), attempts: new Map() };
}

const event = (change: Partial<SchedulerEvent>): SchedulerEvent => ({
  ...{ at: "2026-11-22T10:00:05.000Z", type: "job-status", jobId: JOB, clientId: null, segmentIndex: null },
  ...{ attemptId: null, detail: "" },
  ...change,
});

async function received(act: (open: ReturnType<typeof openTraces>) => Promise<void>): Promise<Sent[]> {
  const spans: Sent[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const body = (await request.json()) as { resourceSpans: { scopeSpans: { spans: Sent[] }[] }[] };
      spans.push(...body.resourceSpans.flatMap((of) => of.scopeSpans.flatMap((scope) => scope.spans)));
      return Response.json({});
    },
  });
  const open = openTraces(`http://127.0.0.1:${server.port}/`, silentLog);
  await act(open);
  await open.close();
  await server.stop(true);
  return spans;
}

test("a job is one trace whose ids are the job's: attempts and steps below it, failures marked, a retry beside them", async () => {
  const spans = await received(async ({ traces }) => {
    traces.committed(stateOf("Processing"), [
      event({}),
      event({ type: "segment-leased", attemptId: "a1", segmentIndex: 0, clientId: "c" }),
      event({ type: "segment-retry", attemptId: "a1", segmentIndex: 0, detail: "failed (encode): broken" }),
    ]);
    const step = traces.step(() => stateOf("Combining"));
    expect(await step(JOB, "stitch", async () => 5)).toBe(5);
    await step(JOB, "proof", () => Promise.reject(new Error("not exact"))).catch(() => {});
    traces.committed(stateOf("Failed"), [event({ detail: "Processing → Failed" })]);
    traces.committed(stateOf("Queued"), [event({ detail: "Failed → Queued" })]);
    traces.committed(stateOf("Cancelled"), [event({ detail: "Queued → Cancelled" })]);
  });
  const root = spans.find(({ name }) => name === "job");
  expect(root).toMatchObject({ traceId: JOB.replaceAll("-", ""), spanId: "9a350d6b7f4e2a11" });
  expect(root?.status).toEqual({ code: 2, message: "E_ENCODE_FAILED: no" });
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  const below = spans.filter(({ parentSpanId }) => parentSpanId === root?.spanId);
  expect(new Set(below.map(({ name }) => name))).toEqual(new Set(["attempt", "stitch", "proof", "job, again"]));
  const codes = Object.fromEntries(below.map(({ name, status }) => [name, status.message ?? ""]));
  expect(codes).toEqual({ attempt: "failed (encode): broken", stitch: "", proof: "not exact", "job, again": "" });
});

test("a collector that is not there is said once, and the server ends all the same", async () => {
  const said: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void said.push(message) };
  const open = openTraces("http://127.0.0.1:9", log);
  open.traces.committed(stateOf("Processing"), [event({})]);
  open.traces.committed(stateOf("Cancelled"), [event({})]);
  await open.close();
  expect(said.filter((text) => text.includes("can't be sent"))).toEqual(["traces can't be sent to http://127.0.0.1:9"]);
}, 20_000);
