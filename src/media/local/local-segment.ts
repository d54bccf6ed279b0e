// One segment of the path in one process: encodes and verifies it, and climbs the ladder where something differs.
import { Once } from "../../base/once.ts";
import type { Pts } from "../../base/rational.ts";
import { decoderFor } from "../ffmpeg/codecs.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { requiredHdr10 } from "../hdr10/insert-hdr10.ts";
import type { FrameGrid } from "../index/frame-grid.ts";
import type { FrameIndex } from "../index/frame-index.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { LeadIn, SegmentFacts, SegmentReport, SegmentTask } from "../model/segment.ts";
import type { DecodedPicture, SourceInfo } from "../model/source.ts";
import { frameTimingOf } from "../plan/frame-timing.ts";
import { plannedFrames } from "../plan/planned-frames.ts";
import { countsFrames } from "../request/args/split-mode.ts";
import { encodeSegment } from "../segment/encode-segment.ts";
import { firstPicture, otherPicture } from "../segment/first-picture.ts";
import { compareSeam } from "../segment/seams.ts";
import { planSegment, type SegmentRange } from "../segment/segment-task.ts";
import { unlikeSource } from "../segment/source-count.ts";
import { verifySegment } from "../segment/verify-segment.ts";
import { filteredTimes } from "../verify/frames/filtered-times.ts";
import type { ReferenceDecode } from "../verify/frames/reference-decode.ts";

export interface LocalSegment {
  readonly task: SegmentTask;
  /** The one that it was decoded with in the end. */
  readonly leadIn: LeadIn;
  readonly path: string;
  readonly facts: SegmentFacts;
  readonly report: SegmentReport;
  /** PTS of its frames on the job's clock, in ticks of the frame timing; null: only ffmpeg knows them. */
  readonly pts: readonly Pts[] | null;
}

/** The rungs of the ladder, in order. */
const LEAD_INS: readonly LeadIn[] = [0, 1, 3, "beginning"];

export interface LocalSource {
  readonly path: string;
  readonly info: SourceInfo;
  readonly index: FrameIndex;
  readonly request: EncodeRequest;
  /** The files that its subtitles are drawn from. */
  readonly burnInFiles: readonly string[];
  /** The reference decode, for where the index can't be trusted. */
  readonly reference: ReferenceDecode;
  readonly firstPicture: FirstPicture;
}

/** Null: the frames keep the source's own times. */
export function gridIn(index: FrameIndex): FrameGrid | null {
  return index.grid === null || index.grid.broken !== null ? null : index.grid;
}

/** The stream's first picture, decoded once for all segments. */
export class FirstPicture {
  readonly #decode: (task: SegmentTask) => Promise<DecodedPicture | null>;
  #decoded: Once<DecodedPicture | null> | null = null;

  constructor(tools: Tools, path: string, signal: AbortSignal | undefined) {
    this.#decode = async (task) =>
      await firstPicture(tools, path, task, decoderFor(task.video, task.request.video.encoder), signal);
  }

  /** Null for one run over the whole video, which begins with it. */
  async of(task: SegmentTask): Promise<DecodedPicture | null> {
    if (task.startPts === null) return null;
    this.#decoded ??= new Once(() => this.#decode(task));
    return await this.#decoded.get();
  }
}

export interface LocalSegmentOptions {
  readonly workDir: string;
  readonly threads: number | null;
  /** Gets every rung that failed. */
  readonly notes: string[];
  readonly signal: AbortSignal | undefined;
}

/** One segment, through as many rungs as it needs; throws with the reason when every rung fails. */
export async function makeSegment(
  tools: Tools,
  source: LocalSource,
  range: SegmentRange,
  previous: LocalSegment | undefined,
  { workDir, threads, notes, signal }: LocalSegmentOptions,
): Promise<LocalSegment> {
  const { path, info, index, request, burnInFiles, reference } = source;
  let reason = "";
  let picture: SegmentTask["picture"];
  for (const leadIn of LEAD_INS) {
    const isLongest = leadIn === 3 || leadIn === "beginning";
    const planned = planSegment({ info, index, grid: gridIn(index)?.tick ?? null }, request, range, leadIn);
    const task = picture === undefined ? planned : { ...planned, picture };
    const made = await encodeSegment(tools, task, {
      input: path,
      inputKind: "file",
      workDir,
      threads,
      burnInFiles,
      signal,
    });
    if (!made.ok) {
      reason = made.reason;
      notes.push(`lead-in ${leadIn}: ${reason}`);
      continue;
    }
    const first = await source.firstPicture.of(task);
    const other = otherPicture(first, made.report.decoded);
    if (other !== null && first !== null) {
      picture = first.shape;
      reason = other;
      notes.push(`lead-in ${leadIn}: ${reason}`);
      continue;
    }
    const decoded = isLongest ? await reference.counted(task) : null;
    const lost = unlikeSource(task, made.report, index, decoded);
    if (lost !== null) {
      reason = lost;
      notes.push(`lead-in ${leadIn}: ${reason}`);
      continue;
    }
    const timing = frameTimingOf(request, info.video.timeBase);
    const clocks = {
      timeBase: timing?.timeBase ?? info.video.timeBase,
      encoderTimeBase: task.encoderTimeBase,
      hdr10: requiredHdr10(task.video, task.request),
    };
    let pts = timing === null || task.expectedFrames === null ? null : plannedFrames(timing, index, info, task);
    let verified = await verifySegment(tools, made.path, { pts, ...clocks }, signal);
    // Where frames are numbered, a miscount of the index here makes all later segments wrong.
    const mayBelieve = task.startPts === null && task.endPts === null ? true : !countsFrames(request);
    if (!verified.ok && (isLongest || index.falseTimes !== null) && pts !== null && mayBelieve) {
      const isWhole = task.startPts === null && task.endPts === null;
      pts =
        isWhole && timing?.keepsTimes === false
          ? await filteredTimes(tools, path, task, { signal })
          : [...(await reference.range(timing, task, index.lastDuration)).pts];
      verified = await verifySegment(tools, made.path, { pts, ...clocks }, signal);
      if (verified.ok) notes.push("believed by reference decoding");
    }
    if (!verified.ok) {
      reason = verified.reason;
      notes.push(`lead-in ${leadIn}: ${reason}`);
      continue;
    }
    if (compareSeam(previous?.report.seamAfterEnd ?? null, made.report.seamStart) === "differ" && !isLongest) {
      notes.push(`lead-in ${leadIn}: the seam does not agree`);
      continue;
    }
    return { task, leadIn, path: made.path, facts: verified.facts, report: made.report, pts };
  }
  throw new Error(reason);
}
