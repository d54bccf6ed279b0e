// What `serve` says of its cluster.
import { expect, test } from "bun:test";
import type { ClientView, JobView } from "../../api/contract.ts";
import { ClusterNews, stoppedText } from "./cluster-news.ts";

const job = (status: JobView["status"], over: Partial<JobView> = {}): JobView => ({
  ...{ job_id: "1e1d0000-0000", file_name: "sintel.mp4", status, progress: 0, output_name: "out.mp4", created_at: "" },
  ...{
    started_at: "2026-11-22T10:00:00.000Z",
    completed_at: null,
    error: null,
    encoder: "libx264",
    family: "software",
  },
  ...{ fps: 0, eta_seconds: null, segments: { done: 0, running: 0, known: 0 }, frames: { done: 0, total: null } },
  ...{
    output: null,
    activity: null,
    clients: 0,
    capable_clients: 0,
    required_clients: 1,
    owner: "admin",
    priority: 50,
  },
  ...over,
});
const client = (status: ClientView["status"], leased: string | null = null): ClientView => ({
  ...{ client_id: "9b1c", name: "attic", status, connected_at: "", slots: 2, current_job: null, leased_job: leased },
  ...{ performance: null, platform: "linux-x64", ffmpeg: "5.1", families: ["software"], version: "0.1.0", keys: [] },
  ...{ draining: false, paused: false, quarantine: null, no_room: null },
});

test("machines that come and go", () => {
  const news = new ClusterNews();
  expect(news.client(client("Connected"))).toBe("+ attic joined (2 encodes)");
  expect(news.client(client("Idle"))).toBeNull();
  expect(news.client(client("Disconnected"))).toBe("- attic left");
  expect(news.client(client("Idle"))).toBe("+ attic joined (2 encodes)");
  expect(news.client(client("Disconnected", "1e1d"))).toBe("- attic was lost; its segments wait for it");
});

test("jobs that start and end, once each; how things stood at the start is no news", () => {
  const news = new ClusterNews();
  news.begin([job("Processing", { job_id: "old" })], [client("Idle")]);
  expect(news.client(client("Processing"))).toBeNull();
  expect(news.job(job("Processing", { job_id: "old" }))).toBeNull();
  expect(news.job(job("WaitingForClients"))).toBeNull();
  expect(news.job(job("Benchmarking"))).toBe("job 1e1d0000 sintel.mp4 started");
  expect(news.job(job("Processing"))).toBeNull();
  expect(news.job(job("Completed", { completed_at: "2026-11-22T10:00:28.000Z" }))).toBe("job 1e1d0000 done in 28 s");
  const error = { code: "E_INTERNAL", message: "no", hint: "" } as const;
  expect(news.job(job("Failed", { job_id: "old", error }))).toBe("job old failed: no");
  expect(news.job(job("Queued", { job_id: "old" }))).toBe("job old sintel.mp4 goes on");
  expect(news.job(job("Cancelled", { job_id: "old" }))).toBe("job old cancelled");
});

test("the last line says what goes on at the next start", () => {
  expect([0, 1, 3].map(stoppedText)).toEqual([
    "Stopped.",
    "Stopped; 1 job goes on at the next start.",
    "Stopped; 3 jobs go on at the next start.",
  ]);
});
