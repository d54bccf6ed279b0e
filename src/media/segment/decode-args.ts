// How ffmpeg is asked to open and decode a source for a range: the seek, the job's clock, the decoder. Pure.
import { formatMicroseconds, MICROSECONDS, type Pts, type Rational, rescale } from "../../base/rational.ts";
import { deviceDecodeArgs, deviceInitArgs, type EncodeDevice } from "../ffmpeg/encode-device.ts";
import { demuxerName, restartsClock } from "../ffmpeg/formats.ts";
import { ANY_ERROR_RATE, BOUNDED_MEMORY, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { SegmentTask } from "../model/segment.ts";

/**
 * Keeps the filter graph when pictures change in the middle: 7.0 and 7.1 lose frames when they configure a graph with
 * two outputs again. Only for graphs that accept pictures of any size.
 */
const KEEP_GRAPH = ["-reinit_filter", "0"] as const;

export interface DecodeIo {
  /** A `file:` URL or the loopback gateway's address. */
  readonly input: string;
  readonly inputKind: "file" | "http";
  /** Threads for decoder, filters and encoder each; null: ffmpeg's own choice. */
  readonly threads: number | null;
  /** Filters run on one thread, whatever `threads` says: this ffmpeg makes other samples on several. */
  readonly filtersAlone?: boolean;
  /** Where a hardware encoder runs; null or absent: the CPU. */
  readonly device?: EncodeDevice | null;
  /** Decode on that device too. */
  readonly decodesOnDevice?: boolean;
}

/** The part of a task that says where and what to decode. */
export type DecodeRange = Pick<
  SegmentTask,
  "streamIndex" | "formatName" | "timeBase" | "startPts" | "endPts" | "clockOffsetUs" | "seekPts" | "spreadsPts"
>;

/** `-ss` in microseconds, rounded to nearest, so that ffmpeg's own rounding back gives the same tick. */
function seekArgs(seekPts: Pts | null, timeBase: Rational): string[] {
  if (seekPts === null) return [];
  return [
    "-seek_timestamp",
    "1",
    "-noaccurate_seek",
    "-ss",
    formatMicroseconds(rescale(seekPts, timeBase, MICROSECONDS)),
  ];
}

/**
 * The offset to the job's clock. A source that starts at zero needs none, but for formats whose clock may restart it
 * must be explicit: without an offset, 5.1 uses the start of the streams in use (see sourceOffsetUs).
 */
function clockArgs({ clockOffsetUs, formatName }: DecodeRange): string[] {
  const offsetUs = clockOffsetUs === 0 && restartsClock(formatName) ? 1 : clockOffsetUs;
  return offsetUs === 0 ? [] : ["-itsoffset", formatMicroseconds(offsetUs)];
}

function filterThreadArgs({ threads, filtersAlone }: DecodeIo): string[] {
  if (filtersAlone === true) return ["-filter_threads", "1", "-filter_complex_threads", "1"];
  return threads === null ? [] : ["-filter_complex_threads", String(threads)];
}

/** Everything before the filters: the input, read on the job's clock; only the seek is in the source's own time. */
export function decodeArgs(
  range: DecodeRange,
  io: DecodeIo & { readonly keepsGraph?: boolean },
  decoder: string | null,
): string[] {
  return [
    ...[...QUIET, ...BOUNDED_MEMORY, ...ANY_ERROR_RATE],
    ...filterThreadArgs(io),
    ...deviceInitArgs(io.device ?? null),
    "-copyts",
    ...seekArgs(range.seekPts, range.timeBase),
    ...clockArgs(range),
    ...inputGuards({ formats: range.formatName, kind: io.inputKind }),
    "-f",
    demuxerName(range.formatName),
    ...(decoder === null ? [] : [`-c:${range.streamIndex}`, decoder]),
    ...(io.decodesOnDevice === true ? deviceDecodeArgs(io.device ?? null) : []),
    ...(io.threads === null ? [] : ["-threads", String(io.threads)]),
    ...(io.keepsGraph === true ? KEEP_GRAPH : []),
    "-i",
    io.input,
  ];
}
