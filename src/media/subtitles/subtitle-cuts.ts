// Where a video with burned-in subtitles may be cut. libass keeps an event at its first position (ass_render.c,
// fix_collisions): a line that moved to avoid another stays there to its end, so a renderer that starts in between
// would place it elsewhere. Between events, and while a single event is shown since its start, there is nothing to
// remember.

import { toNumber } from "../../base/rational.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { Piece } from "../index/cut-points.ts";
import type { SourceInfo } from "../model/source.ts";
import { clockOffsetUs, clockShift } from "../source/source-clock.ts";

/** Half-open, milliseconds on the clock that filters see. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Renderer and container count whole milliseconds, frames do not, and a filter that changes the rate moves them a little. */
const ROUNDING_MS = 100;

/** The spans from the moment a second event overlaps a first until none is shown. */
export function tangledSpans(events: readonly Span[]): Span[] {
  const spans: Span[] = [];
  let chainEndMs = Number.NEGATIVE_INFINITY;
  let tangledSinceMs: number | null = null;
  const close = () => {
    if (tangledSinceMs !== null) spans.push({ startMs: tangledSinceMs, endMs: chainEndMs });
    tangledSinceMs = null;
  };
  for (const { startMs, endMs } of events.toSorted((a, b) => a.startMs - b.startMs)) {
    if (startMs >= chainEndMs) close();
    else tangledSinceMs ??= startMs;
    chainEndMs = Math.max(chainEndMs, endMs);
  }
  close();
  return spans;
}

export function mayCutAt(ms: number, spans: readonly Span[]): boolean {
  return !spans.some(({ startMs, endMs }) => ms > startMs - ROUNDING_MS && ms < endMs + ROUNDING_MS);
}

/** The events of burn-in files; one without an end is shown to the end of the video. */
async function subtitleEvents(tools: Tools, files: readonly string[], signal?: AbortSignal): Promise<Span[][]> {
  const all: Span[][] = [];
  for (const file of files) {
    const result = await runTool({
      tools,
      program: "ffprobe",
      reads: [file],
      writes: [],
      args: [
        ...["-v", "error", "-select_streams", "s", "-show_entries", "packet=pts_time,duration_time"],
        ...["-of", "csv=p=0", fileUrl(file)],
      ],
      signal,
    });
    signal?.throwIfAborted();
    const events = result.stdout.split("\n").flatMap((line): Span[] => {
      const [start = "", duration = ""] = line.split(",");
      const startMs = Number.parseFloat(start) * 1000;
      if (Number.isNaN(startMs)) return [];
      const lengthMs = Number.parseFloat(duration) * 1000;
      return [{ startMs, endMs: Number.isNaN(lengthMs) ? Number.POSITIVE_INFINITY : startMs + lengthMs }];
    });
    all.push(events);
  }
  return all;
}

/** Joins groups of pictures over the boundaries at which `mayCut` says no; for groups that stream in. */
export class GopJoiner {
  readonly #mayCut: (endPts: number) => boolean;
  #open: Piece | null = null;

  constructor(mayCut: (endPts: number) => boolean) {
    this.#mayCut = mayCut;
  }

  /** The groups that are now certain. */
  push(gops: readonly Piece[]): Piece[] {
    const closed: Piece[] = [];
    for (const gop of gops) {
      const before: Piece | null = this.#open;
      const joined = before === null ? gop : { ...before, endPts: gop.endPts, frames: before.frames + gop.frames };
      this.#open = joined;
      if (!this.#mayCut(gop.endPts)) continue;
      closed.push(joined);
      this.#open = null;
    }
    return closed;
  }

  /** The open groups at the end of the stream. */
  end(): Piece[] {
    const rest = this.#open === null ? [] : [this.#open];
    this.#open = null;
    return rest;
  }
}

/** For the groups of a source that draws these burn-in files. */
export async function joinerFor(
  tools: Tools,
  info: SourceInfo,
  burnInFiles: readonly string[],
  signal?: AbortSignal,
): Promise<GopJoiner> {
  const spans = (await subtitleEvents(tools, burnInFiles, signal)).flatMap(tangledSpans);
  const { timeBase } = info.video;
  const shift = clockShift(clockOffsetUs(info), timeBase);
  return new GopJoiner((endPts) => mayCutAt((endPts + shift) * toNumber(timeBase) * 1000, spans));
}
