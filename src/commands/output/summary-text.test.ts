import { expect, test } from "bun:test";
import picocolors from "picocolors";
import type { JobView, Proof } from "../../api/contract.ts";
import { widthOf } from "./fit-text.ts";
import { roomOf, summaryLines } from "./summary-text.ts";

const plain = picocolors.createColors(false);

const segment = { start_pts: 0, end_pts: 1, sha256: "", encoder: "libx264", attempts: 1, seconds: 1, notes: [] };
const proof: Proof = {
  ...{ job_id: "1e1d0000-0000", exact: true, frames: { expected: 2880, encoded: 2880, in_output: 2880 } },
  ...{ pts: { equal: true, max_error_ticks: 0 }, av_offset_error_ms: 0, streams: { in: [], out: [], left_out: [] } },
  segments: [
    { ...segment, index: 0, frames: 1080, client: "vm" },
    { ...segment, index: 1, frames: 1800, client: "attic" },
  ],
  ...{ wall_seconds: 28, checks: [{ name: "frame count", ok: true }], notes: [] },
  encoder: { name: "libx264", family: "software", versions: ["5.1"] },
  output: { name: "out.mp4", bytes: 16_462_643, sha256: "ab" },
};
const job: JobView = {
  ...{ job_id: "1e1d0000-0000", file_name: "sintel.mp4", status: "Completed", progress: 100, output_name: "out.mp4" },
  ...{ created_at: "", started_at: null, completed_at: null, error: null, encoder: "libx264", family: "software" },
  ...{ fps: 0, eta_seconds: 0, segments: { done: 2, running: 0, known: 2 }, frames: { done: 2880, total: 2880 } },
  ...{
    output: null,
    activity: null,
    clients: 0,
    capable_clients: 2,
    required_clients: 1,
    owner: "admin",
    priority: 50,
  },
  ...{ duration_seconds: 120, source_bytes: 7_654_605 },
};

const at = (columns: number, over: Partial<Proof> = {}) => summaryLines(job, { ...proof, ...over }, columns, plain);

test("time, speed, shares, size and proof, and a warning where the output grew", () => {
  expect(at(Number.POSITIVE_INFINITY)).toEqual([
    "Done in 28s: 102.9 fps, 4.3 × real time.",
    "Encoded by attic 63 %, vm 38 %.",
    "Size: 7.3 MiB → 15.7 MiB: the output is 115 % larger than the source. A lower --quality or a higher -crf makes it smaller.",
    "Verified: 2880 of 2880 frames, exact; all 1 checks hold.",
    "Details: ffcluster jobs proof 1e1d0000",
  ]);
  expect(at(200, { output: { ...proof.output, bytes: 3_800_000 } })).toContain(
    "Size: 7.3 MiB → 3.6 MiB, 50 % smaller.",
  );
  expect(at(200, { exact: false, checks: [{ name: "seams", ok: false }] }).join(" ")).toContain("failed: seams");
});

test.each([40, 80, 120, 200])("%i columns hold it", (columns) => {
  const room = roomOf({ isTty: true, columns });
  for (const line of at(room)) expect(widthOf(line)).toBeLessThan(columns);
  expect(at(room)).toContain("Details: ffcluster jobs proof 1e1d0000");
});
