// Checks a finished segment against its plan by demuxing it (no decoding): how many frames, each at its time.
import { stat } from "node:fs/promises";
import { sha256OfFile } from "../base/digest.ts";
import { runTool } from "../base/process.ts";
import { type Pts, parseRational, type Rational, rescale } from "../base/rational.ts";
import { fileUrl, inputGuards } from "./formats.ts";
import { lastWords } from "./stderr.ts";
import type { Tools } from "./tools.ts";
import type { SegmentFacts } from "./types.ts";

/** What the frames of a segment must be. */
export interface SegmentExpectation {
  /** Sorted PTS in source ticks; null: the filters change the times, only order and presence are checked. */
  readonly pts: readonly Pts[] | null;
  readonly sourceTimeBase: Rational;
  readonly encoderTimeBase: Rational;
}

export type VerifyOutcome =
  | { readonly ok: true; readonly facts: SegmentFacts }
  | { readonly ok: false; readonly reason: string; readonly framesGot: number; readonly framesExpected: number | null };

export interface SegmentPackets {
  readonly timeBase: Rational;
  /** Sorted PTS in `timeBase`. */
  readonly pts: number[];
  readonly minDts: number | null;
  readonly extradataSha256: string | null;
}

const FORMATS = "nut,matroska,webm";

/** The packets of a segment file (NUT or WebM), or ffprobe's last words. */
export async function readSegmentPackets(
  tools: Tools,
  path: string,
  signal?: AbortSignal,
): Promise<SegmentPackets | string> {
  const pts: number[] = [];
  let minDts: number | null = null;
  let timeBase: Rational | null = null;
  let extradataSha256: string | null = null;
  const result = await runTool({
    program: tools.ffprobe,
    args: [
      "-v",
      "error",
      ...inputGuards({ formats: FORMATS, kind: "file" }),
      "-select_streams",
      "v:0",
      "-show_data_hash",
      "sha256",
      "-show_entries",
      "packet=pts,dts:stream=time_base,extradata_hash",
      "-of",
      "compact=nk=0",
      fileUrl(path),
    ],
    ...(signal === undefined ? {} : { signal }),
    onLine: (line) => {
      const fields = new Map(
        line.split("|").map((field) => [field.split("=")[0] ?? "", field.slice(field.indexOf("=") + 1)] as const),
      );
      if (fields.has("packet")) {
        pts.push(Number(fields.get("pts")));
        const dts = Number(fields.get("dts"));
        if (!Number.isNaN(dts)) minDts = minDts === null ? dts : Math.min(minDts, dts);
      } else if (fields.has("stream")) {
        timeBase = parseRational(fields.get("time_base") ?? "");
        extradataSha256 =
          /^SHA256:([0-9a-f]{64})$/i.exec(fields.get("extradata_hash") ?? "")?.[1]?.toLowerCase() ?? null;
      }
    },
  });
  if (result.ended !== "exit" || result.exitCode !== 0) return lastWords(result.stderrTail);
  if (timeBase === null) return "the segment holds no video stream";
  return { timeBase, pts: pts.sort((a, b) => a - b), minDts, extradataSha256 };
}

/**
 * PTS in the encoder's ticks that a segment should hold, against those it holds. Answers the first and last absolute
 * PTS, or what is wrong. A segment muxer moves a whole segment when its first timestamps would be negative: then, and
 * only then, one constant shift is taken out.
 */
export function comparePts(
  packets: Pick<SegmentPackets, "timeBase" | "pts" | "minDts">,
  expected: SegmentExpectation,
): { firstPts: Pts; lastPts: Pts } | string {
  const got = packets.pts;
  const toEncoder = (ticks: number) => rescale(ticks, packets.timeBase, expected.encoderTimeBase);
  const [first] = got;
  const last = got.at(-1);
  if (first === undefined || last === undefined) return "the segment is empty";
  if (got.some(Number.isNaN)) return "the segment has frames without timestamps";
  for (let position = 1; position < got.length; position += 1) {
    if (got[position] === got[position - 1]) return `two frames share one timestamp at frame ${position}`;
  }
  const planned = expected.pts;
  if (planned === null) return { firstPts: toEncoder(first), lastPts: toEncoder(last) };
  if (planned.length !== got.length) return `${got.length} frames where ${planned.length} are planned`;
  const wanted = (position: number) =>
    rescale(planned[position] ?? Number.NaN, expected.sourceTimeBase, expected.encoderTimeBase);
  const shift = toEncoder(first) - wanted(0);
  const mayShift = packets.minDts === 0 && shift > 0;
  if (shift !== 0 && !mayShift)
    return `the first frame is at ${toEncoder(first)} where ${wanted(0)} is planned (ticks of the encoder)`;
  for (let position = 0; position < got.length; position += 1) {
    const actual = toEncoder(got[position] ?? Number.NaN) - shift;
    if (actual !== wanted(position))
      return `frame ${position} is at ${actual} where ${wanted(position)} is planned (ticks of the encoder)`;
  }
  return { firstPts: wanted(0), lastPts: wanted(got.length - 1) };
}

export async function verifySegment(
  tools: Tools,
  path: string,
  expected: SegmentExpectation,
  signal?: AbortSignal,
): Promise<VerifyOutcome> {
  const framesExpected = expected.pts?.length ?? null;
  const packets = await readSegmentPackets(tools, path, signal);
  if (typeof packets === "string") return { ok: false, reason: packets, framesGot: 0, framesExpected };
  const compared = comparePts(packets, expected);
  if (typeof compared === "string")
    return { ok: false, reason: compared, framesGot: packets.pts.length, framesExpected };
  return {
    ok: true,
    facts: {
      frames: packets.pts.length,
      ...compared,
      bytes: (await stat(path)).size,
      sha256: await sha256OfFile(path, 0, undefined, signal),
      extradataSha256: packets.extradataSha256,
    },
  };
}
