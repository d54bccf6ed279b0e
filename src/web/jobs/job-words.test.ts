import { expect, test } from "bun:test";
import type { JobView } from "../../cluster/server/views.ts";
import { byEnd, byQueue, isFound, paceOf, passes } from "./job-words.ts";

const BASE: JobView = {
  job_id: "26b7a398-d00c-411c-a084-169427b8a941",
  file_name: "sintel.mp4",
  status: "Processing",
  progress: 42.3,
  created_at: "2026-01-01T00:00:00.000Z",
  started_at: "2026-01-01T00:00:01.000Z",
  completed_at: null,
  error: null,
  encoder: "libx264",
  family: "software",
  fps: 128.2,
  eta_seconds: 185,
  segments: { done: 1, running: 2, known: 5 },
  frames: { done: 42, total: 100 },
  output: null,
  output_name: "sintel.mkv",
  activity: null,
  clients: 2,
  capable_clients: 2,
  required_clients: 1,
  owner: "admin",
  priority: 50,
};
const job = (differs: Partial<JobView>): JobView => ({ ...BASE, ...differs });
const ids = (found: readonly JobView[]) => found.map(({ job_id }) => job_id);

test("jobs wait by priority, then place, then age; ended ones stand with the latest first", () => {
  const waiting = [
    job({ job_id: "old" }),
    job({ job_id: "moved", queue_place: -1, created_at: "2026-01-03" }),
    job({ job_id: "new", created_at: "2026-01-02" }),
    job({ job_id: "urgent", priority: 90, created_at: "2026-01-04" }),
  ];
  expect(ids(waiting.sort(byQueue))).toEqual(["urgent", "moved", "old", "new"]);
  const ended = [job({ job_id: "a", completed_at: "2026-01-01" }), job({ job_id: "b", completed_at: "2026-01-02" })];
  expect(ids(ended.sort(byEnd))).toEqual(["b", "a"]);
});

test("search and filter", () => {
  expect(["sintel", "X264 MKV", "26b7", "", "encoding"].map((words) => isFound(BASE, words))).toEqual(
    Array(5).fill(true),
  );
  expect(isFound(BASE, "sintel bunny")).toBe(false);
  expect([passes(BASE, "all"), passes(BASE, "under way"), passes(BASE, "done")]).toEqual([true, true, false]);
  expect(passes(job({ status: "Cancelled" }), "failed")).toBe(true);
});

test("the pace, or why there is none", () => {
  expect(paceOf(BASE)).toEqual(["42 %", "128 fps", "3 min 5 s left", "2 clients"]);
  expect(paceOf(job({ activity: "checking every picture, 40 %" }))).toEqual(["checking every picture, 40 %"]);
  expect(paceOf(job({ status: "Completed" }))).toEqual([]);
  const waiting = job({ status: "WaitingForClients", capable_clients: 1, required_clients: 3 });
  expect(paceOf(waiting)).toEqual(["1 of 3 clients here"]);
  expect(paceOf(job({ status: "Queued", capable_clients: 0 }))).toEqual(["no client here can do it yet"]);
});
