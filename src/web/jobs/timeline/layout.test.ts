import { expect, test } from "bun:test";
import type { AttemptView, JobDetailView } from "../../../cluster/server/views.ts";
import { ticksOf, timelineOf } from "./layout.ts";

const T0 = Date.parse("2026-01-01T00:00:00.000Z");
const at = (seconds: number) => new Date(T0 + seconds * 1000).toISOString();

function attempt(id: string, differs: Partial<AttemptView>): AttemptView {
  const base = { attempt_id: id, segment_index: 0, client_id: "c1", outcome: null, reason: null };
  return { ...base, started_at: at(0), ended_at: null, ...differs };
}

function jobOf(attempts: readonly AttemptView[], events: JobDetailView["events"] = []): JobDetailView {
  const segment = {
    start_pts: 0,
    end_pts: 1,
    frames: 60,
    state: "leased",
    attempts: 1,
    client: null,
    notes: [],
  } as const;
  const segments = [0, 1].map((index) => ({ ...segment, index }));
  return {
    started_at: at(0),
    created_at: at(0),
    completed_at: null,
    segment_list: segments,
    attempts,
    events,
  } as never;
}

const event = (type: string, id: string, seconds: number, detail = "") => {
  const subject = { client_id: "c1", attempt_id: id, job_id: "j", segment_index: 0, seq: 1 };
  return { type, at: at(seconds), detail, ...subject };
};

test("attempts that overlap stand in lanes, and one that follows takes the free one", () => {
  const { rows, spanMs } = timelineOf(
    jobOf([
      attempt("a", { ended_at: at(4) }),
      attempt("b", { segment_index: 1, started_at: at(1) }),
      attempt("c", { started_at: at(5) }),
      attempt("d", { client_id: "c2", started_at: at(5) }),
    ]),
    new Map(),
    T0 + 10_000,
  );
  expect(spanMs).toBe(10_000);
  expect(rows.map(({ clientId, lanes }) => [clientId, lanes])).toEqual([
    ["c1", 2],
    ["c2", 1],
  ]);
  expect(rows[0]?.bars.map(({ id, lane, from, to }) => [id, lane, from, to])).toEqual([
    ["a", 0, 0, 4000],
    ["b", 1, 1000, 10_000],
    ["c", 0, 5000, 10_000],
  ]);
});

test("a bar has its stages, what it came to, and why", () => {
  const stages = [
    { stage: "fetching", at: at(0) },
    { stage: "encoding", at: at(1) },
    { stage: "uploading", at: at(3) },
  ];
  const { rows } = timelineOf(
    jobOf(
      [
        attempt("lost", { outcome: "lease-lost", reason: "no sign of life for 15 s", ended_at: at(2) }),
        attempt("good", {
          stages,
          frames: 60,
          fps: 30,
          outcome: "segment-verified",
          reason: "60 frames",
          ended_at: at(4),
        }),
        attempt("live", { segment_index: 1, stages: stages.slice(0, 2), frames: 12, fps: 24 }),
      ],
      [event("segment-leased", "good", 0, "60 frames to attic"), event("segment-verified", "good", 5)],
    ),
    new Map(),
    T0 + 6000,
  );
  const [lost, good, live] = rows[0]?.bars ?? [];
  expect(rows[0]?.name).toBe("attic");
  expect([lost?.tone, lost?.text]).toEqual([
    "failed",
    "Segment 0 · lost · 60 frames · 2 s · try 1 · no sign of life for 15 s",
  ]);
  expect(good?.pieces.map(({ stage, from, to }) => [stage, from, to])).toEqual([
    ["fetching", 0, 1000],
    ["encoding", 1000, 3000],
    ["uploading", 3000, 4000],
    ["verifying", 4000, 5000],
  ]);
  expect([good?.tone, good?.text]).toEqual(["ok", "Segment 0 · verified · 60 frames · 30 fps · 4 s · try 2"]);
  expect([live?.isLive, live?.text]).toEqual([true, "Segment 1 · encoding · 12 of 60 frames · 24 fps · try 1"]);
});

test("five moments at most under the axis", () => {
  expect([3000, 52_000, 7_000_000].map((span) => ticksOf(span).join(" "))).toEqual([
    ...["0 1 2 3", "0 15 30 45", "0 1800 3600 5400"],
  ]);
});
