// How a chain of filters changes the frame times, as one pure function of the source's times: the clock of the output
// frames, the position of a source boundary on it, and the frames between two boundaries. Both neighbours of a boundary
// compute it here, so together they give what one machine's run gives.
import { AppError } from "../../base/errors.ts";
import { invert, multiply, type Pts, parseRational, type Rational, rescaleRounded } from "../../base/rational.ts";
import { type Cadence, shownFrom } from "../model/cadence.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import { filterChain } from "../request/args/video-args.ts";
import { filterEffect, keepsToRange } from "../request/filters/filter-kind.ts";
import type { FilterMemory } from "../request/filters/filter-memory.ts";
import type { FilterTimes } from "../request/filters/filter-times.ts";

/** How far a filter sees beyond a frame: whole frames of the source, and seconds. */
export interface Reach {
  readonly frames: number;
  readonly seconds: number;
}

type PredictableTimes =
  | Exclude<FilterTimes, { kind: "unpredictable" }>
  /** What `-r` makes of the source (cadence/cadence-of.ts). */
  | { readonly kind: "cadence"; readonly cadence: Cadence; readonly rate: Rational };

interface Stage {
  readonly times: PredictableTimes;
  readonly memory: FilterMemory;
  /** Ticks of its output. */
  readonly timeBase: Rational;
}

export interface FrameTiming {
  /** Source ticks. */
  readonly sourceTimeBase: Rational;
  /** Ticks of the frames that come out: the source's, halves of them, or 1/rate. */
  readonly timeBase: Rational;
  readonly stages: readonly Stage[];
  /** Every frame comes out at its own time. */
  readonly keepsTimes: boolean;
  /** So many filters of the chain see more than the range's own frames; the range is cut out after them. */
  readonly cutAfter: number;
  readonly before: Reach;
  readonly after: Reach;
}

/** A picture that is missing before a stage of a fixed rate is replaced by its neighbour, and nothing shows it behind. */
export function hidesLosses({ stages }: FrameTiming): boolean {
  return stages.some(({ times }) => times.kind === "grid" || times.kind === "cadence");
}

/** Which picture is shown when was planned from the times of all. */
export function showsByPlan({ stages }: FrameTiming): boolean {
  return stages.some(({ times }) => times.kind === "cadence");
}

/** Filters of unbounded memory forget within seconds, but not exactly; the proof says so. */
export const UNBOUNDED_LEAD_SECONDS = 10;
const MOST_TICKS_PER_SECOND = 1_000_000_000;
/** Three days at 60 frames a second; more frames result from a mistaken rate or a leap of the clock. */
const MOST_FRAMES = 16_000_000;

function stageTimeBase(times: PredictableTimes, before: Rational): Rational {
  switch (times.kind) {
    case "keeps":
    case "dropsLast":
      return before;
    case "fields":
      return multiply(before, { num: 1, den: 2 });
    case "grid":
    case "cadence":
      return invert(times.rate);
  }
}

/** Reach at a stage's input, from the reach at its output. */
function reachThrough(stage: Stage, reach: Reach, frames: number): Reach {
  switch (stage.times.kind) {
    case "keeps":
    case "dropsLast":
      return { frames: reach.frames + frames, seconds: reach.seconds };
    case "fields":
      return { frames: Math.ceil(reach.frames / 2) + frames, seconds: reach.seconds };
    case "cadence":
    case "grid": {
      if (reach.frames === 0 && reach.seconds === 0) return { frames, seconds: 0 };
      // One tick more for the rounding, and one frame more: the one that is held there.
      const { num, den } = stage.timeBase;
      return { frames: frames + 1, seconds: reach.seconds + ((reach.frames + 1) * num) / den };
    }
  }
}

/** Null: the times depend on more than the index knows. */
export function frameTimingOf(request: EncodeRequest, sourceTimeBase: Rational): FrameTiming | null {
  const stages: Stage[] = [];
  let timeBase = sourceTimeBase;
  let forgets = 0;
  let cutAfter = 0;
  for (const [position, call] of filterChain(request).entries()) {
    const effect = filterEffect(call);
    const { kind, times, memory } = effect;
    if (times.kind === "unpredictable") return null;
    if (kind === "unbounded") forgets = UNBOUNDED_LEAD_SECONDS;
    if (!keepsToRange(effect)) cutAfter = position + 1;
    timeBase = stageTimeBase(times, timeBase);
    if (timeBase.den > MOST_TICKS_PER_SECOND) return null;
    stages.push({ times, memory, timeBase });
  }
  const { frameRate, cadence } = request.video;
  const rate = frameRate === null ? null : parseRational(frameRate);
  if (rate !== null) {
    if (cadence === undefined) return null;
    timeBase = invert(rate);
    cutAfter = stages.length + 1;
    // Like the filter fps: a frame is shown until the next one comes.
    stages.push({ times: { kind: "cadence", cadence, rate }, memory: { before: 0, after: 1 }, timeBase });
  }
  let before: Reach = { frames: 0, seconds: forgets };
  let after: Reach = { frames: 0, seconds: 0 };
  for (const stage of [...stages].reverse()) {
    before = reachThrough(stage, before, stage.memory.before);
    after = reachThrough(stage, after, stage.memory.after);
  }
  const keepsTimes = stages.every(({ times }) => times.kind === "keeps");
  return { sourceTimeBase, timeBase, stages, keepsTimes, cutAfter, before, after };
}

/**
 * A boundary of the source on the output's clock: the first tick that shows a frame from the boundary on. Monotone, and
 * exact: the fps filter puts out at tick n the last frame whose rounded time is at most n.
 */
export function boundaryTime(timing: FrameTiming, pts: Pts): Pts {
  let at = pts;
  let timeBase = timing.sourceTimeBase;
  for (const stage of timing.stages) {
    if (stage.times.kind === "fields") at *= 2;
    if (stage.times.kind === "cadence") at = shownFrom(stage.times.cadence, at, timeBase, stage.times.rate);
    if (stage.times.kind === "grid") at = rescaleRounded(at, timeBase, stage.timeBase, stage.times.round);
    timeBase = stage.timeBase;
  }
  return at;
}

/** Consecutive frames, as a stage takes them in and puts them out. */
export interface FrameRun {
  /** Sorted, on the job's clock. */
  readonly pts: readonly Pts[];
  /** The end of the stream when the last of `pts` is its last frame; null in the middle. */
  readonly endPts: Pts | null;
}

/** In half ticks. */
function fields(run: FrameRun): FrameRun {
  const { pts, endPts } = run;
  const out: Pts[] = [];
  for (const [position, each] of pts.entries()) {
    out.push(2 * each);
    const previous = pts[position - 1] ?? each;
    // yadif_common.c: after the last frame comes one at the same distance.
    const next = pts[position + 1] ?? (endPts === null ? null : 2 * each - previous);
    if (next !== null) out.push(each + next);
  }
  return { pts: out, endPts: endPts === null ? null : 2 * endPts };
}

/** vf_fps.c: every tick from the first frame's to the last frame's, and on to the stream's end. Errors: E_ENCODE_REQUEST. */
function grid(run: FrameRun, times: Extract<FilterTimes, { kind: "grid" }>, from: Rational, to: Rational): FrameRun {
  const [first] = run.pts;
  const last = run.pts.at(-1);
  if (first === undefined || last === undefined) return run;
  const begin = rescaleRounded(first, from, to, times.round);
  let end = rescaleRounded(last, from, to, times.round);
  if (run.endPts !== null) {
    end = Math.max(end, rescaleRounded(run.endPts, from, to, times.eof === "pass" ? "up" : times.round));
  }
  if (end - begin > MOST_FRAMES) {
    throw new AppError(
      "E_ENCODE_REQUEST",
      `at the frame rate asked for, ${end - begin} frames would come out`,
      "Ask for a lower rate; a leap in the source's clock is filled with frames too.",
    );
  }
  const pts = Array.from({ length: Math.max(0, end - begin) }, (_, position) => begin + position);
  return { pts, endPts: run.endPts === null ? null : end };
}

/** Every tick from the first frame's to the last one's, or to the end. */
function shown(run: FrameRun, times: Extract<PredictableTimes, { kind: "cadence" }>, from: Rational): FrameRun {
  const [first] = run.pts;
  const last = run.pts.at(-1);
  if (first === undefined || last === undefined) return run;
  const begin = shownFrom(times.cadence, first, from, times.rate);
  const end = run.endPts === null ? shownFrom(times.cadence, last, from, times.rate) : times.cadence.end;
  const pts = Array.from({ length: Math.max(0, end - begin) }, (_, position) => begin + position);
  return { pts, endPts: run.endPts === null ? null : end };
}

/** The times of the output frames, in `timing.timeBase`; a run in the middle may lack the last `timing.after`. */
export function outputTimes(timing: FrameTiming, source: FrameRun): FrameRun {
  let run = source;
  let timeBase = timing.sourceTimeBase;
  for (const { times, timeBase: next } of timing.stages) {
    if (times.kind === "fields") run = fields(run);
    else if (times.kind === "cadence") run = shown(run, times, timeBase);
    else if (times.kind === "grid") run = grid(run, times, timeBase, next);
    else if (times.kind === "dropsLast" && run.endPts !== null) {
      run = { pts: run.pts.slice(0, Math.max(0, run.pts.length - times.frames)), endPts: run.endPts };
    }
    timeBase = next;
  }
  return run;
}
