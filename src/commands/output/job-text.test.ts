import { expect, test } from "bun:test";
import type { ClientView, JobView, Proof } from "../../api/contract.ts";
import { clientTable } from "./client-text.ts";
import { jobTable } from "./job-text.ts";
import { lackLines, proofText } from "./proof-text.ts";
import { PLAIN } from "./table.ts";

const video = { index: 0, type: "video", codec: "h264", language: null };
const audio = { index: 1, type: "audio", codec: "aac", language: "eng" };

const proof: Proof = {
  job_id: "1",
  exact: true,
  frames: { expected: 2, encoded: 2, in_output: 2 },
  pts: { equal: true, max_error_ticks: 0 },
  av_offset_error_ms: null,
  streams: { in: [video, audio], out: [video], left_out: [{ ...audio, reason: "-an" }] },
  segments: [],
  wall_seconds: 1,
  checks: [
    { name: "frame count", ok: true, detail: "2 of 2" },
    { name: "audio stream 1", ok: true, detail: "12 packets; its decoded length was not measured" },
    { name: "audio and video offset", ok: true, detail: "not measured: silent" },
  ],
  encoder: { name: "libx264", family: "software", versions: ["5.1"] },
  output: { name: "out.mp4", bytes: 10, sha256: "ab" },
  notes: [],
};

const text = (over: Partial<Proof> = {}) => proofText({ ...proof, ...over });

test("a proof says what held, what was only partly looked at, what was not, and what was left out", () => {
  const shown = text();
  expect(shown).toContain("exact: every frame once");
  expect(shown).toMatch(/frame count +ok +2 of 2/);
  expect(shown).toMatch(/audio stream 1 +ok in part/);
  expect(shown).toMatch(/audio and video offset +not measured/);
  expect(shown).toMatch(/left out +1 audio aac \(eng\): -an/);
  expect(shown).toMatch(/A\/V offset +not measured/);
});

test("a proof that does not hold names its failed checks first", () => {
  const shown = text({ exact: false, checks: [{ name: "seams", ok: false, detail: "they differ" }] });
  expect(shown).toContain("NOT EXACT: seams");
  expect(shown).toMatch(/seams +FAILED +they differ/);
  expect(text({ av_offset_error_ms: -0.0625 })).toContain("-0.06 ms");
});

test("the end of submit says what the output lacks, in few lines", () => {
  expect(lackLines({ ...proof, lost: ["the timecode"] })).toEqual([
    "left out: 1 audio aac (eng): -an",
    "lost: the timecode",
  ]);
  const lines = lackLines({ ...proof, lost: Array.from({ length: 30 }, (_, n) => `chapter ${n}`) });
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe("21 more: ffcluster jobs proof 1");
  expect(text({ lost: ["the timecode"] })).toMatch(/lost +the timecode/);
});

const client: ClientView = {
  ...{ client_id: "9b1c0000-0000-4000-8000-000000000000", name: "nas", status: "Idle", connected_at: "", slots: 2 },
  ...{ current_job: null, leased_job: null, performance: null, platform: "linux-x64", ffmpeg: "5.1" },
  ...{ families: ["software"], version: "0.1.0", draining: false, paused: false, quarantine: null, no_room: null },
  keys: ["nas", "nas-2"],
};

const job: JobView = {
  job_id: "3f2a0000-0000-4000-8000-000000000000",
  file_name: "in.mp4",
  ...{ status: "Queued", progress: 0, created_at: "2026-11-22T10:00:00.000Z", started_at: null, completed_at: null },
  ...{ error: null, encoder: "libx264", family: "software", fps: 0, eta_seconds: null, output: null },
  ...{ segments: { done: 0, running: 0, known: 0 }, frames: { done: 0, total: null }, output_name: "out.mp4" },
  ...{ activity: null, clients: 0, capable_clients: 0, required_clients: 1, owner: "admin", priority: 7 },
};

test("the list of clients names the key of each, which can be revoked", () => {
  const shown = clientTable([client, { ...client, keys: [] }]);
  expect(shown).toMatch(/KEY\s*\n.* nas nas-2\s*\n.* -\s*$/);
  const gone = { ...client, status: "Disconnected", leased_job: "3f2a0000-0000-4000-8000-000000000000" } as const;
  expect(clientTable([gone])).toMatch(/Disconnected .* 3f2a0000 until its lease ends +linux-x64/);
});

test("the list of jobs has the priority of each", () => {
  const [head, first, second] = jobTable([job, { ...job, priority: 100 }]).split("\n");
  const ends = (line: string | undefined, text: string) => (line?.indexOf(text) ?? -1) + text.length;
  expect(head).toMatch(/LEFT +PRIO +CREATED/);
  expect([ends(first, " 7 "), ends(second, "100 ")]).toEqual([ends(head, "PRIO "), ends(head, "PRIO ")]);
});

const WIDTHS = [40, 60, 80, 100, 120, 160, 200];
const LONG = "a quite long name of a film that nobody would shorten by hand.mkv";

test("lists fit terminals of 40 to 200 columns, and keep what tells rows apart", () => {
  const jobs = [job, { ...job, status: "WaitingForClients" as const, file_name: LONG, output_name: `out of ${LONG}` }];
  const clients = [client, { ...client, name: "attic-of-the-house-in-the-woods-4", status: "Disconnected" as const }];
  for (const width of WIDTHS) {
    const look = { ...PLAIN, width };
    for (const text of [jobTable(jobs, look), clientTable(clients, look)]) {
      const widest = Math.max(...text.split("\n").map((line) => Bun.stringWidth(line)));
      expect(`${width} columns: ${widest <= width}`).toBe(`${width} columns: true`);
    }
    expect(jobTable(jobs, look)).toMatch(/^ID +STATUS .*OUTPUT\n3f2a0000 +Queued .*out\.mp4\n3f2a0000 .*\.mkv\n$/);
    expect(clientTable(clients, look)).toMatch(/NAME +STATUS.*\n.*nas +Idle/);
  }
  expect(jobTable(jobs, { ...PLAIN, width: 80 })).toMatch(/ENCODER +(FILE +)?OUTPUT/);
  expect(clientTable(clients, { ...PLAIN, width: 80 })).not.toContain("PLATFORM");
  expect(clientTable(clients, { ...PLAIN, width: 80 })).toContain("attic-of-the-house-in-the-woods-4");
});

test("a pipe gets every column in full, whatever the names are", () => {
  const text = jobTable([{ ...job, file_name: LONG.repeat(4), output_name: LONG.repeat(4) }]);
  expect(text.split("\n")[1]).toEndWith(`libx264  ${LONG.repeat(4)}  ${LONG.repeat(4)}`);
});
