// The packets of an elementary stream: where each lies in the file and when its picture is shown. Packets have no
// times, so two decodes in sequence provide them: one gives the order of the pictures, one their number and distance.

import { formatRational, type Pts, type Rational, rescale } from "../../base/rational.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { decodeErrors, lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { decodeArgs } from "../segment/decode-args.ts";

export interface Slice {
  readonly start: number;
  readonly bytes: number;
}

/** One packet, one picture. */
export interface ElementaryPacket extends Slice {
  /** When its picture is shown, ticks of the stream. */
  readonly pts: Pts;
}

export interface Elementary {
  /** In file order; together they fill the file without a gap. */
  readonly packets: readonly ElementaryPacket[];
  /** Ticks from one picture to the next. */
  readonly step: number;
}

/** ffmpeg counts the times of such streams in microseconds, rounded at each picture. */
const ROUNDING_SECONDS = { num: 2, den: 1_000_000 };

function probeArgs(path: string, { formatName, video }: SourceInfo, entries: string): string[] {
  const guards = inputGuards({ formats: formatName, kind: "file" });
  const stream = ["-select_streams", String(video.streamIndex)];
  return ["-v", "error", ...guards, ...stream, "-show_entries", entries, "-of", "compact=p=0", fileUrl(path)];
}

/** `size=1|pos=0` → the position of a packet; null for other lines. */
export function parseSlice(line: string): Slice | null {
  const bytes = /(?:^|\|)size=(\d+)/.exec(line)?.[1];
  const start = /(?:^|\|)pos=(\d+)/.exec(line)?.[1];
  return bytes === undefined || start === undefined ? null : { start: Number(start), bytes: Number(bytes) };
}

/** Positions of the video's packets, in file order. A string gives the reason why they can't be read. */
export async function packetSlices(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal: AbortSignal,
): Promise<Slice[] | string> {
  const slices: Slice[] = [];
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: probeArgs(path, info, "packet=pos,size"),
    signal,
    onLine: (line) => {
      const slice = parseSlice(line);
      if (slice !== null) slices.push(slice);
    },
  });
  return result.exitCode === 0 ? slices : `its packets could not be read: ${lastWords(result.stderrTail)}`;
}

/** Positions of the packets, in the order in which their pictures are shown. */
async function shownOrder(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal: AbortSignal,
): Promise<number[] | string> {
  const starts: number[] = [];
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: probeArgs(path, info, "frame=pkt_pos"),
    signal,
    onLine: (line) => {
      const start = /(?:^|\|)pkt_pos=(\d+)/.exec(line)?.[1];
      if (start !== undefined) starts.push(Number(start));
    },
  });
  return result.exitCode === 0 ? starts : `it could not be decoded: ${lastWords(result.stderrTail)}`;
}

/** The times that ffmpeg gives the pictures of a decode in sequence. */
async function decodedTimes(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal: AbortSignal,
): Promise<Pts[] | string> {
  const { formatName, video } = info;
  const { streamIndex, timeBase } = video;
  const plan = { streamIndex, formatName, timeBase, startPts: null, endPts: null, clockOffsetUs: 0, seekPts: null };
  const times: Pts[] = [];
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [path],
    writes: [],
    args: [
      ...decodeArgs(plan, { input: fileUrl(path), inputKind: "file", threads: null }, null),
      ...["-map", `0:${streamIndex}`, "-fps_mode", "passthrough", "-enc_time_base", formatRational(timeBase)],
      ...["-f", "framehash", "-hash", "adler32", "pipe:1"],
    ],
    signal,
    onLine: (line) => {
      const pts = line.startsWith("#") ? Number.NaN : Number(line.split(",")[2]);
      if (!Number.isNaN(pts)) times.push(pts);
    },
  });
  if (result.exitCode !== 0) return `it could not be decoded: ${lastWords(result.stderrTail)}`;
  const [complaint] = decodeErrors(result.stderrTail, false);
  return complaint === undefined ? times : `its decoder complains: ${complaint}`;
}

/**
 * Whole ticks from picture to picture at the rate that the stream declares; null: they are none. Since ffmpeg 7 the real
 * rate of raw H.264 is that of its fields. Whether the pictures come so is seen in their times (`firstOnGrid`).
 */
export function stepOf({
  realFrameRate,
  averageFrameRate,
  timeBase,
}: Pick<SourceInfo["video"], "realFrameRate" | "averageFrameRate" | "timeBase">): number | null {
  const rate = averageFrameRate ?? realFrameRate;
  if (rate === null || realFrameRate === null) return null;
  const perPicture = (realFrameRate.num * rate.den) / (realFrameRate.den * rate.num);
  if (perPicture !== 1 && perPicture !== 2) return null;
  const step = (rate.den * timeBase.den) / (rate.num * timeBase.num);
  return Number.isSafeInteger(step) && step > 0 ? step : null;
}

/** When the first picture is shown, if the times are a constant rate but for ffmpeg's rounding of them. */
export function firstOnGrid(times: readonly Pts[], step: number, timeBase: Rational): Pts | string {
  const slack = rescale(ROUNDING_SECONDS.num, { num: 1, den: ROUNDING_SECONDS.den }, timeBase) + 1;
  const stray = times.findIndex((pts, at) => at > 0 && Math.abs(pts - (times[at - 1] ?? 0) - step) > slack);
  if (stray !== -1) return `picture ${stray} does not come at the declared rate`;
  return Math.round((times[0] ?? 0) / step) * step;
}

/** Pairs packets with the display times of their pictures. A string gives the reason why that is impossible. */
export function pairWithTimes(
  slices: readonly Slice[],
  order: readonly number[],
  first: Pts,
  step: number,
): ElementaryPacket[] | string {
  const shownAt = new Map(order.map((start, position) => [start, position]));
  if (order.length !== slices.length || shownAt.size !== slices.length)
    return `${slices.length} packets are not as many pictures (${order.length})`;
  const packets: ElementaryPacket[] = [];
  for (const slice of slices) {
    const position = shownAt.get(slice.start);
    if (position === undefined) return `no picture comes of the packet at byte ${slice.start}`;
    packets.push({ ...slice, pts: first + position * step });
  }
  return packets;
}

/** Every byte of the file in exactly one packet. */
export function fillsFile(slices: readonly Slice[], bytes: number): boolean {
  let end = 0;
  for (const slice of slices) {
    if (slice.start !== end) return false;
    end += slice.bytes;
  }
  return end === bytes;
}

/** A string gives the reason why packets and pictures can't be matched exactly. */
export async function readElementary(
  tools: Tools,
  path: string,
  info: SourceInfo,
  signal: AbortSignal,
): Promise<Elementary | string> {
  const step = stepOf(info.video);
  if (step === null) return "its declared rate is no whole number of its ticks";
  const slices = await packetSlices(tools, path, info, signal);
  if (typeof slices === "string") return slices;
  if (slices.length < 2) return "it holds a single packet";
  if (!fillsFile(slices, info.bytes)) return "its packets do not fill the file";
  const [order, times] = await Promise.all([
    shownOrder(tools, path, info, signal),
    decodedTimes(tools, path, info, signal),
  ]);
  if (typeof order === "string") return order;
  if (typeof times === "string") return times;
  if (times.length !== slices.length) return `${slices.length} packets are not as many pictures (${times.length})`;
  const first = firstOnGrid(times, step, info.video.timeBase);
  if (typeof first === "string") return first;
  const packets = pairWithTimes(slices, order, first, step);
  return typeof packets === "string" ? packets : { packets, step };
}
