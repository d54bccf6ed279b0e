// What a person sees of a running job, at the widths that terminals have.
import { expect, test } from "bun:test";
import picocolors from "picocolors";
import type { JobView } from "../../../api/contract.ts";
import { widthOf } from "../fit-text.ts";
import { jobFrame } from "./job-frame.ts";
import { JobPace } from "./job-pace.ts";

const plain = picocolors.createColors(false);
const coloured = picocolors.createColors(true);
const WIDTHS = [40, 80, 120, 200];

type Crew = NonNullable<JobView["crew"]>;

const attic: Crew[number] = {
  ...{ client_id: "1", name: "attic", condition: "ready", fps: 61.2, percent: 34.2 },
  segments: [{ index: 5, stage: "encoding", frames: { done: 63, total: 100 } }],
};
const vm: Crew[number] = {
  ...{ client_id: "2", name: "a-machine-with-quite-a-long-name.example.org", condition: "ready" },
  ...{ fps: 121.2, percent: 65.8 },
  segments: [
    { index: 106, stage: "encoding", frames: { done: 12, total: 100 } },
    { index: 107, stage: "fetching", frames: { done: 0, total: 100 } },
  ],
};

const job: JobView = {
  ...{ job_id: "3f2a0000", file_name: "sintel.mp4", status: "Benchmarking", progress: 41.7, output_name: "out.mp4" },
  ...{ created_at: "", started_at: null, completed_at: null, error: null, encoder: "libx264", family: "software" },
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
  crew: [attic, vm],
};

function frameOf(view: JobView, columns: number, pace = new JobPace(), nowMs = 0, colours = plain): string[] {
  pace.note(view, nowMs);
  const moment = { view, etaSeconds: pace.etaSeconds(nowMs), lost: pace.lost(nowMs) };
  return jobFrame(moment, { columns, rows: 24, colours });
}

test.each(WIDTHS)("%i columns hold speed, time left and each client's share", (columns) => {
  for (const colours of [plain, coloured]) {
    const lines = frameOf(job, columns, new JobPace(), 0, colours);
    for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
    const text = Bun.stripANSI(lines.join("\n"));
    for (const part of ["182", "1m20s left", "41.7 %", "attic", "34 %", "66 %", "61.2", "121.2"])
      expect(text).toContain(part);
  }
});

test("with room it says what the clients are at, and that they are measured while they encode", () => {
  expect(frameOf(job, 100)).toEqual([
    "sintel.mp4 → out.mp4",
    "Encoding (measuring machines)  182.4 fps  about 1m20s left",
    "█████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  41.7 %",
    "CLIENT                        SEGMENT                      FPS  SHARE",
    "attic                         5: 63 %                     61.2   34 %",
    "a-machine-wit…me.example.org  106: 12 %, 107: fetching   121.2   66 %",
  ]);
  expect(frameOf(job, 40).slice(1)).toEqual([
    "Measuring  182.4 fps  about 1m20s left",
    "████████████░░░░░░░░░░░░░░░░░░  41.7 %",
    "CLIENT       SEGMENT         FPS  SHARE",
    "attic        5: 63 %        61.2   34 %",
    "a-mac…e.org  106, 107      121.2   66 %",
  ]);
});

test("when the last client goes, it says who was lost and how long ago", () => {
  const pace = new JobPace();
  frameOf({ ...job, crew: [attic] }, 80, pace, 0);
  const lost: Crew[number] = { ...attic, condition: "lost", fps: 0 };
  frameOf({ ...job, fps: 0, eta_seconds: null, crew: [lost] }, 80, pace, 1000);
  const later = frameOf({ ...job, fps: 0, eta_seconds: null, crew: [] }, 80, pace, 13_000);
  expect(later).toContain("Waiting for a client: attic was lost 12s ago.");
  const back = frameOf({ ...job, crew: [attic] }, 80, pace, 14_000);
  expect(back.join("\n")).not.toContain("lost");
});

test("nobody encodes for other reasons, too", () => {
  const without = (over: Partial<JobView>) => frameOf({ ...job, fps: 0, crew: [], ...over }, 80).join("\n");
  expect(without({ crew: [{ ...attic, condition: "paused" }] })).toContain("`ffcluster clients resume attic`");
  expect(without({ crew: [{ ...attic, condition: "resting" }] })).toContain("attic resting");
  expect(without({ status: "WaitingForClients", capable_clients: 0 })).toContain("Waiting for a client with libx264.");
  expect(without({ status: "Queued", clients: 0 })).toContain("Waiting for a free client");
  expect(without({ status: "Combining", activity: "checking every picture, 40 %" })).toContain("every picture, 40 %");
});

test("of very many clients it shows as many as there are rows", () => {
  const crew = Array.from({ length: 100 }, (_, n) => ({ ...attic, client_id: `${n}`, name: `node-${n}` }));
  const lines = frameOf({ ...job, crew }, 80);
  expect(lines.length).toBeLessThan(24);
  expect(lines.at(-1)).toBe("and 83 more clients");
});

test("the time left follows from what was done lately, and is no shorter than the slowest encode", () => {
  const pace = new JobPace();
  const at = (seconds: number, done: number, over: Partial<JobView> = {}) => {
    pace.note({ ...job, frames: { done, total: 2000 }, crew: [], ...over }, seconds * 1000);
    return Math.round(pace.etaSeconds(seconds * 1000) ?? -1);
  };
  expect(at(0, 0)).toBe(71); // the server's word, until something is measured
  expect(at(10, 100)).toBe(190);
  expect(at(20, 200)).toBe(180);
  expect(Math.round(pace.etaSeconds(40_000) ?? -1)).toBe(360); // nothing came since
  const slow = {
    ...attic,
    fps: 0.1,
    segments: [{ index: 0, stage: "encoding" as const, frames: { done: 0, total: 60 } }],
  };
  expect(at(21, 210, { crew: [slow] })).toBe(600);
  expect(at(22, 50)).toBe(71); // work was lost: it begins anew
});
