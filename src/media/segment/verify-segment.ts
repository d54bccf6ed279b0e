// Checks a finished segment by demuxing it (no decoding): the number of frames, and the time of each.
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../../base/digest.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { type Pts, parseRational, type Rational, rescale } from "../../base/rational.ts";
import { probeCompact } from "../ffmpeg/compact-lines.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { countHdr10, type RequiredHdr10 } from "../hdr10/insert-hdr10.ts";
import type { SegmentFacts } from "../model/segment.ts";
import { MOST_FRAMES, readNut, TooManyFrames } from "../nut/read-nut.ts";
import { segmentOffsetTicks } from "./segment-clock.ts";
import { sortShown } from "./shown-order.ts";

/** The expected frames of a segment. */
export interface SegmentExpectation {
  /** Sorted PTS on the job's clock, in `timeBase`; null: the filters change the times, only order and presence are checked. */
  readonly pts: readonly Pts[] | null;
  readonly timeBase: Rational;
  readonly encoderTimeBase: Rational;
  /** HDR10 metadata that every key frame must hold; null or absent: none. */
  readonly hdr10?: RequiredHdr10 | null;
  /** Where the times are not planned: more frames than these are no longer counted. */
  readonly mostFrames?: number;
}

export type VerifyOutcome =
  | { readonly ok: true; readonly facts: SegmentFacts }
  | { readonly ok: false; readonly reason: string; readonly framesGot: number; readonly framesExpected: number | null };

export interface SegmentPackets {
  readonly timeBase: Rational;
  /** Sorted PTS in `timeBase`. */
  readonly pts: number[];
  /** Which packet of the file, from 0, has the highest PTS: pictures are stored as they are decoded. */
  readonly lastShown: number;
  readonly extradataSha256: string | null;
  /** Of the pictures by the header, "320x180". */
  readonly size: string | null;
}

/** Beyond twice what is planned the frames are no longer counted. */
const SPARE_FRAMES = 1000;

export const SEGMENT_DEMUXERS = "nut,matroska,webm";

/**
 * The packets of a segment file (NUT or WebM), or ffprobe's last words. NUT is parsed in this process, which takes
 * milliseconds.
 */
export async function readSegmentPackets(
  tools: Tools,
  path: string,
  signal?: AbortSignal,
  mostFrames = MOST_FRAMES,
): Promise<SegmentPackets | string> {
  return await unlessTooMany(async () => {
    const nut = await readNut(path, mostFrames);
    return nut === null ? await probeSegmentPackets(tools, path, signal, mostFrames) : await inOrder(nut);
  });
}

async function unlessTooMany(read: () => Promise<SegmentPackets | string>): Promise<SegmentPackets | string> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof TooManyFrames) return thrown.message;
    throw thrown;
  }
}

async function inOrder({ pts, ...rest }: Omit<SegmentPackets, "lastShown">): Promise<SegmentPackets | string> {
  const highest = pts.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const lastShown = pts.indexOf(highest);
  return (await sortShown(pts)) ? { ...rest, pts, lastShown } : "its pictures stand in no order of an encoder";
}

/** The same by ffprobe. Errors: TooManyFrames. */
export async function probeSegmentPackets(
  tools: Tools,
  path: string,
  signal?: AbortSignal,
  mostFrames = MOST_FRAMES,
): Promise<SegmentPackets | string> {
  const pts: number[] = [];
  let timeBase: Rational | null = null;
  let extradataSha256: string | null = null;
  let size: string | null = null;
  const question = {
    path,
    formats: SEGMENT_DEMUXERS,
    args: [
      ...["-select_streams", "v:0", "-show_data_hash", "sha256"],
      ...["-show_entries", "packet=pts:stream=time_base,extradata_hash,width,height"],
    ],
  };
  const onSection = (fields: ReadonlyMap<string, string>) => {
    if (fields.has("packet")) {
      if (pts.length === mostFrames) throw new TooManyFrames(mostFrames);
      pts.push(Number(fields.get("pts")));
    } else if (fields.has("stream")) {
      timeBase = parseRational(fields.get("time_base") ?? "");
      size = `${fields.get("width") ?? "?"}x${fields.get("height") ?? "?"}`;
      extradataSha256 = /^SHA256:([0-9a-f]{64})$/i.exec(fields.get("extradata_hash") ?? "")?.[1]?.toLowerCase() ?? null;
    }
  };
  const result = await probeCompact(tools, question, onSection, signal);
  if (!succeeded(result)) return lastWords(result.stderrTail);
  if (timeBase === null) return "the segment holds no video stream";
  return await inOrder({ timeBase, pts, extradataSha256, size });
}

/**
 * Compares the expected PTS with those of the file, in the encoder's ticks. Returns the first and last on the job's
 * clock, or the problem.
 */
function comparePts(
  packets: Pick<SegmentPackets, "timeBase" | "pts">,
  expected: SegmentExpectation,
): { firstPts: Pts; lastPts: Pts } | string {
  if (packets.pts.some(Number.isNaN)) return "the segment has frames without timestamps";
  const got = absolutePts(packets, expected.encoderTimeBase);
  const [first] = got;
  const last = got.at(-1);
  if (first === undefined || last === undefined) return "the segment is empty";
  for (let position = 1; position < got.length; position += 1) {
    if (got[position] === got[position - 1]) return `two frames share one timestamp at frame ${position}`;
  }
  const planned = expected.pts;
  if (planned === null) return { firstPts: first, lastPts: last };
  if (planned.length !== got.length) return `${got.length} frames where ${planned.length} are planned`;
  for (let position = 0; position < got.length; position += 1) {
    const wanted = rescale(planned[position] ?? Number.NaN, expected.timeBase, expected.encoderTimeBase);
    if (got[position] !== wanted)
      return `frame ${position} is at ${got[position]} where ${wanted} is planned (ticks of the encoder)`;
  }
  return { firstPts: first, lastPts: last };
}

/** The times in a segment file on the job's clock, in ticks of the encoder. */
export function absolutePts(packets: Pick<SegmentPackets, "timeBase" | "pts">, encoderTimeBase: Rational): number[] {
  const offset = segmentOffsetTicks(encoderTimeBase, packets.timeBase);
  return packets.pts.map((pts) => rescale(pts - offset, packets.timeBase, encoderTimeBase));
}

async function lacksHdr10(path: string, required: RequiredHdr10 | null, signal?: AbortSignal): Promise<string | null> {
  if (required === null) return null;
  try {
    const { keys, lacking } = await countHdr10(path, required, signal);
    return lacking === 0 ? null : `${lacking} of ${keys} key frames lack the source's HDR10 metadata`;
  } catch (thrown) {
    signal?.throwIfAborted();
    return `the segment's HDR10 metadata can't be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

export async function verifySegment(
  tools: Tools,
  path: string,
  expected: SegmentExpectation,
  signal?: AbortSignal,
): Promise<VerifyOutcome> {
  const framesExpected = expected.pts?.length ?? null;
  const unplanned = Math.min(MOST_FRAMES, expected.mostFrames ?? MOST_FRAMES);
  const mostFrames = framesExpected === null ? unplanned : 2 * framesExpected + SPARE_FRAMES;
  let packets = await readSegmentPackets(tools, path, signal, mostFrames);
  // A second reader must confirm every refusal.
  if (typeof packets !== "string" && typeof comparePts(packets, expected) === "string")
    packets = await unlessTooMany(() => probeSegmentPackets(tools, path, signal, mostFrames));
  if (typeof packets === "string") return { ok: false, reason: packets, framesGot: 0, framesExpected };
  const compared = comparePts(packets, expected);
  if (typeof compared === "string")
    return { ok: false, reason: compared, framesGot: packets.pts.length, framesExpected };
  const framesGot = packets.pts.length;
  const problem = await lacksHdr10(path, expected.hdr10 ?? null, signal);
  if (problem !== null) return { ok: false, reason: problem, framesGot, framesExpected };
  return {
    ok: true,
    facts: {
      frames: framesGot,
      ...compared,
      bytes: (await stat(path)).size,
      sha256: await sha256OfFile(path, 0, undefined, signal),
      extradataSha256: packets.extradataSha256,
      lastShown: packets.lastShown,
      ...(packets.size === null ? {} : { size: packets.size }),
    },
  };
}
