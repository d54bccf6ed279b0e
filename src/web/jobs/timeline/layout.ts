// Where each attempt stands on the timeline: clients down the side, time across, attempts of one client side by side where
// it ran several at a time. Pure; times are milliseconds since the job's beginning.
import type { AttemptView, ClientView, JobDetailView, SegmentView } from "../../../cluster/server/views.ts";
import type { Tone } from "../../parts/bar.tsx";
import { count, duration, fps } from "../../text/format.ts";

export interface Piece {
  readonly stage: string;
  readonly from: number;
  readonly to: number;
}

export interface Bar {
  readonly id: string;
  readonly segment: number;
  readonly lane: number;
  readonly from: number;
  readonly to: number;
  readonly tone: Tone;
  readonly isLive: boolean;
  readonly pieces: readonly Piece[];
  /** All that is known of it, in one sentence. */
  readonly text: string;
}

export interface Row {
  readonly clientId: string;
  readonly name: string;
  readonly lanes: number;
  readonly bars: readonly Bar[];
}

export interface Timeline {
  readonly spanMs: number;
  readonly rows: readonly Row[];
}

/** What an attempt came to, by the event that named it last. */
const OUTCOMES: Readonly<Record<string, { readonly word: string; readonly tone: Tone }>> = {
  "segment-verified": { word: "verified", tone: "ok" },
  "segment-measured": { word: "measured", tone: "ok" },
  "segment-retry": { word: "failed, tried again", tone: "failed" },
  "client-unfit": { word: "failed here", tone: "failed" },
  "lease-lost": { word: "lost", tone: "failed" },
  "attempt-refused": { word: "came too late", tone: "paused" },
  "attempt-stopped": { word: "stopped", tone: "paused" },
};
const CHECKED = { word: "being verified", tone: "busy" } as const;
const STAGE_WORDS: Readonly<Record<string, string>> = {
  queued: "waiting for a slot",
  fetching: "fetching the source",
  encoding: "encoding",
  uploading: "uploading",
};

function outcomeOf({ outcome, ended_at: ended }: AttemptView): { readonly word: string; readonly tone: Tone } {
  if (outcome !== null) return OUTCOMES[outcome] ?? { word: outcome, tone: "idle" };
  return ended === null ? { word: "", tone: "busy" } : CHECKED;
}

interface Context {
  readonly startMs: number;
  readonly nowMs: number;
  readonly segments: ReadonlyMap<number, SegmentView>;
  readonly verifiedAt: ReadonlyMap<string, string>;
  /** How many attempts a segment had before this one. */
  readonly earlier: Map<number, number>;
}

function piecesOf(attempt: AttemptView, { startMs, verifiedAt }: Context, to: number): readonly Piece[] {
  const stages = attempt.stages ?? [];
  const pieces = stages.map(({ stage, at }, index) => {
    const next = stages[index + 1]?.at;
    return { stage, from: Date.parse(at) - startMs, to: next === undefined ? to : Date.parse(next) - startMs };
  });
  const verified = verifiedAt.get(attempt.attempt_id);
  return verified === undefined
    ? pieces
    : [...pieces, { stage: "verifying", from: to, to: Date.parse(verified) - startMs }];
}

function textOf(attempt: AttemptView, frames: number, tries: number): string {
  const { word } = outcomeOf(attempt);
  const stage = attempt.stages?.at(-1)?.stage ?? "";
  const isLive = attempt.ended_at === null;
  const words = [
    `Segment ${attempt.segment_index}`,
    isLive ? (STAGE_WORDS[stage] ?? "under way") : word,
    isLive && attempt.frames !== undefined ? `${attempt.frames} of ${count(frames, "frame")}` : count(frames, "frame"),
    ...(attempt.fps !== undefined && attempt.fps > 0 ? [fps(attempt.fps)] : []),
    ...(isLive ? [] : [duration((Date.parse(attempt.ended_at ?? "") - Date.parse(attempt.started_at)) / 1000)]),
    `try ${tries}`,
    ...(attempt.reason === null || attempt.outcome === "segment-verified" ? [] : [attempt.reason]),
  ];
  return words.filter((each) => each !== "").join(" · ");
}

function barOf(attempt: AttemptView, context: Context): Omit<Bar, "lane"> {
  const { startMs, nowMs, segments, earlier } = context;
  const index = attempt.segment_index;
  const tries = (earlier.get(index) ?? 0) + 1;
  earlier.set(index, tries);
  const from = Date.parse(attempt.started_at) - startMs;
  const end = attempt.ended_at === null ? nowMs - startMs : Date.parse(attempt.ended_at) - startMs;
  const to = Math.max(from, end);
  return {
    id: attempt.attempt_id,
    segment: index,
    from,
    to,
    tone: outcomeOf(attempt).tone,
    isLive: attempt.ended_at === null,
    pieces: piecesOf(attempt, context, to),
    text: textOf(attempt, segments.get(index)?.frames ?? 0, tries),
  };
}

/** The first lane that is free again; `ends`: when each becomes so. */
function laneFor(ends: number[], { from, to, pieces }: Omit<Bar, "lane">): number {
  const free = ends.findIndex((end) => end <= from);
  const lane = free === -1 ? ends.length : free;
  ends[lane] = pieces.at(-1)?.to ?? to;
  return lane;
}

/** `nowMs`: the present of a job that has not ended. */
export function timelineOf(job: JobDetailView, clients: ReadonlyMap<string, ClientView>, nowMs: number): Timeline {
  const startMs = Date.parse(job.started_at ?? job.created_at);
  const endMs = job.completed_at === null ? nowMs : Date.parse(job.completed_at);
  const verified = job.events.flatMap(({ type, attempt_id: id, at }) =>
    type === "segment-verified" && id !== null ? [[id, at] as const] : [],
  );
  const context: Context = {
    startMs,
    nowMs: endMs,
    segments: new Map(job.segment_list.map((segment) => [segment.index, segment])),
    verifiedAt: new Map(verified),
    earlier: new Map(),
  };
  const rows = new Map<string, { ends: number[]; bars: Bar[] }>();
  for (const attempt of job.attempts) {
    const row = rows.get(attempt.client_id) ?? { ends: [], bars: [] };
    rows.set(attempt.client_id, row);
    const bar = barOf(attempt, context);
    row.bars.push({ ...bar, lane: laneFor(row.ends, bar) });
  }
  const found = [...rows].map(([clientId, { ends, bars }]) => {
    return { clientId, name: clients.get(clientId)?.name ?? nameIn(job, clientId), lanes: ends.length, bars };
  });
  return { spanMs: Math.max(1000, endMs - startMs), rows: found.sort((a, b) => a.name.localeCompare(b.name)) };
}

/** A role that sees no clients still reads their names in the events: "60 frames to attic". */
function nameIn(job: JobDetailView, clientId: string): string {
  const leased = job.events.find(({ type, client_id: id }) => type === "segment-leased" && id === clientId);
  return / to (.+)$/.exec(leased?.detail ?? "")?.[1] ?? clientId.slice(0, 8);
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/** Moments to write under the axis, in seconds: five at most. */
export function ticksOf(spanMs: number): readonly number[] {
  const spanS = spanMs / 1000;
  const step = STEPS_S.find((each) => spanS / each <= 5) ?? 86_400;
  return Array.from({ length: Math.floor(spanS / step) + 1 }, (_, index) => index * step);
}
