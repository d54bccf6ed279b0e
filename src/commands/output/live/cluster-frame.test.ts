// The cluster at a glance, at the widths that terminals have.
import { expect, test } from "bun:test";
import type { ClientView, JobView } from "../../../api/contract.ts";
import { widthOf } from "../fit-text.ts";
import { PLAIN } from "../table.ts";
import { type ClusterMoment, clusterFrame } from "./cluster-frame.ts";

const job = (id: string, over: Partial<JobView> = {}): JobView => ({
  ...{ job_id: id, file_name: "sintel-trailer-720p24-52s.mp4", status: "Processing", progress: 41.7, created_at: "" },
  ...{
    started_at: null,
    completed_at: null,
    error: null,
    encoder: "libx264",
    family: "software",
    output_name: "o.mp4",
  },
  ...{ fps: 182.4, eta_seconds: 71, segments: { done: 5, running: 2, known: 9 }, frames: { done: 1200, total: 2880 } },
  ...{
    output: null,
    activity: null,
    clients: 2,
    capable_clients: 2,
    required_clients: 1,
    owner: "admin",
    priority: 50,
  },
  crew: [
    {
      ...{ client_id: "1", name: "attic", condition: "ready", fps: 61.2, percent: 34.2 },
      segments: [{ index: 5, stage: "encoding", frames: { done: 63, total: 100 } }],
    },
  ],
  ...over,
});
const client = (id: string, name: string, over: Partial<ClientView> = {}): ClientView => ({
  ...{
    client_id: id,
    name,
    status: "Processing",
    connected_at: "",
    slots: 2,
    current_job: "3f2a0000",
    leased_job: null,
  },
  ...{ performance: null, platform: "linux-x64", ffmpeg: "5.1", families: ["software"], version: "0.1.0", keys: [] },
  ...{ draining: false, paused: false, quarantine: null, no_room: null },
  ...over,
});
const moment: ClusterMoment = {
  server: "vm:5001",
  jobs: [job("3f2a0000"), job("77c00000", { status: "Queued", progress: 0, fps: 0, crew: [] })],
  clients: [
    client("1", "attic"),
    client("2", "a-machine-with-quite-a-long-name", { status: "Idle", paused: true }),
    client("3", "gone", { status: "Disconnected" }),
  ],
  etaOf: () => 71,
  trouble: null,
};

test.each([40, 80, 120, 200])(
  "%i columns hold jobs with bar, speed and time left, clients with state and share",
  (columns) => {
    const lines = clusterFrame(moment, { ...PLAIN, width: columns - 1 }, 24);
    for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
    const text = lines.join("\n");
    for (const part of ["█", "41.7%", "182", "1m20s", "attic", "encodes", "5: 63 %", "61.2", "34 %", "paused"]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain("gone");
  },
);

test("with room it looks like this", () => {
  expect(clusterFrame(moment, { ...PLAIN, width: 99 }, 24)).toEqual([
    "vm:5001  2 jobs  2 clients  182 fps",
    "",
    "JOB       STATE                          DONE  FPS   LEFT  CLIENTS  FILE",
    "3f2a0000  Encoding  ███████░░░░░░░░░░░  41.7%  182  1m20s        2  sintel-trailer-720p24-52s.mp4",
    "77c00000  Queued    ░░░░░░░░░░░░░░░░░░   0.0%    -      -        2  sintel-trailer-720p24-52s.mp4",
    "",
    "CLIENT                            STATE    SEGMENT   FPS  SHARE  JOB       SLOTS",
    "attic                             encodes  5: 63 %  61.2   34 %  3f2a0000      2",
    "a-machine-with-quite-a-long-name  paused   -           -      -  -             2",
  ]);
});

test("more than the terminal has rows for is counted; what is missing is said", () => {
  const many = Array.from({ length: 60 }, (_, n) => client(String(n), `node-${n}`));
  const lines = clusterFrame({ ...moment, clients: many }, { ...PLAIN, width: 80 }, 20);
  expect(lines.length).toBeLessThan(21);
  expect(lines.at(-1)).toMatch(/^and \d+ more clients$/);
  const text = (over: Partial<ClusterMoment>) => clusterFrame({ ...moment, ...over }, PLAIN, 24).join("\n");
  expect(text({ jobs: [] })).toContain("`ffcluster submit INPUT` makes one");
  expect(text({ clients: [] })).toContain("`ffcluster invite`");
  expect(text({ clients: null })).toContain("may not see the clients");
  expect(text({ trouble: "the link broke; trying again" })).toContain("the link broke");
});
