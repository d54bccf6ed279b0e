// The last check before a job may be called completed: the output demuxed and held against the plan, the sound against
// the source's.
import { dirname } from "node:path";
import { MICROSECONDS, type Pts, type Rational } from "../base/rational.ts";
import { alignSound, type DecodedSound, decodeSound, measureLag } from "./audio-lag.ts";
import { checkPicture } from "./check-picture.ts";
import { OUTPUT_DEMUXERS, type OutputPackets, readOutput } from "./output-packets.ts";
import { compareTimes } from "./output-times.ts";
import { sourceMicroseconds } from "./source-clock.ts";
import type { StreamPlan } from "./stream-plan.ts";
import type { Tools } from "./tools.ts";
import type { ProofCheck, ProofStream, SourceInfo } from "./types.ts";

export interface OutputExpectation {
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  readonly sourcePath: string;
  readonly outputPath: string;
  /** Sorted PTS of every planned output frame on the job's clock, encoder ticks; null: times follow from filters, only the count holds. */
  readonly framePts: readonly Pts[] | null;
  readonly frames: number;
  readonly encoderTimeBase: Rational;
  /** PTS of the first frame on the job's clock, encoder ticks. */
  readonly firstFramePts: Pts;
  /** From `decodeSourceSound`, which may run beside the stitch. */
  readonly sourceSound: readonly (DecodedSound | null)[];
  readonly signal?: AbortSignal;
}

export interface OutputCheck {
  readonly framesInOutput: number;
  readonly pts: { readonly equal: boolean; readonly max_error_ticks: number };
  /** Worst distance of any audio stream, signed, milliseconds; null when nothing could be measured. */
  readonly avOffsetErrorMs: number | null;
  readonly streamsOut: readonly ProofStream[];
  readonly checks: readonly ProofCheck[];
  readonly notes: readonly string[];
}

/** A/V distance that nobody can perceive and any container's clock keeps. */
const MOST_AV_ERROR_MS = 1;
/** Each stream costs two decodes of a minute of sound. */
const MOST_STREAMS_MEASURED = 4;

function checkFrames(
  output: OutputPackets,
  expected: OutputExpectation,
): { pts: OutputCheck["pts"]; checks: ProofCheck[] } {
  const video = output.streams.find((stream) => stream.type === "video");
  const count: ProofCheck = {
    name: "frame count",
    ok: output.videoPts.length === expected.frames,
    detail: `${output.videoPts.length} in the output, ${expected.frames} planned`,
  };
  if (video === undefined)
    return {
      pts: { equal: false, max_error_ticks: 0 },
      checks: [count, { name: "frame times", ok: false, detail: "no video stream" }],
    };
  if (expected.framePts === null) {
    const rising = output.videoPts.every(
      (pts, position) => position === 0 || pts > (output.videoPts[position - 1] ?? Number.NEGATIVE_INFINITY),
    );
    return {
      pts: { equal: rising, max_error_ticks: 0 },
      checks: [count, { name: "frame times", ok: rising, detail: "in rising order; the filters give the times" }],
    };
  }
  const compared = compareTimes(output.videoPts, video.timeBase, expected.framePts, expected.encoderTimeBase);
  return {
    pts: { equal: compared.equal, max_error_ticks: compared.maxErrorTicks },
    checks: [
      count,
      {
        name: "frame times",
        ok: compared.equal,
        detail: compared.problem ?? `largest error ${compared.maxErrorTicks} ticks of 1/${video.timeBase.den} s`,
      },
    ],
  };
}

/** Streams a muxer adds by itself (chapter text, timecode) stand after the planned tracks, cover art after those. */
function checkStreams(output: OutputPackets, plan: StreamPlan): ProofCheck {
  const tracks = plan.streams.filter(({ source }) => !source.isAttachedPicture);
  const covers = plan.streams.filter(({ source }) => source.isAttachedPicture);
  const absent = tracks.filter((planned, position) => {
    const found = output.streams[position];
    return found === undefined || (found.type !== planned.source.type && planned.source.type !== "attachment");
  });
  const coversFound = output.streams.filter((stream) => stream.type === "video").length - 1;
  const missing = [...absent, ...covers.slice(Math.max(0, coversFound))];
  const empty = plan.streams.filter(
    (planned, position) => planned.source.type === "audio" && output.streams[position]?.packets === 0,
  );
  const wrong = [...missing, ...empty];
  return {
    name: "streams",
    ok: wrong.length === 0,
    detail:
      wrong.length === 0
        ? `${plan.streams.length} streams as planned`
        : `missing or empty: ${wrong.map((stream) => `${stream.source.type} ${stream.source.index}`).join(", ")}`,
  };
}

/** The audio streams whose place is measured, with their position in the output. */
function measuredAudio(plan: StreamPlan) {
  return plan.streams
    .flatMap((planned, position) => (planned.source.type === "audio" ? [{ planned, position }] : []))
    .slice(0, MOST_STREAMS_MEASURED);
}

/** The beginning of each kept audio stream of the source; null where one can't be decoded. */
export async function decodeSourceSound(
  tools: Tools,
  source: Pick<OutputExpectation, "info" | "plan" | "sourcePath" | "signal">,
  workDir: string,
): Promise<(DecodedSound | null)[]> {
  const sounds: (DecodedSound | null)[] = [];
  for (const { planned } of measuredAudio(source.plan)) {
    const place = { path: source.sourcePath, formats: source.info.formatName, streamIndex: planned.source.index };
    sounds.push(await decodeSound(tools, place, workDir, source.signal));
  }
  return sounds;
}

async function decodeOutputSound(tools: Tools, expected: OutputExpectation): Promise<(DecodedSound | null)[]> {
  const sounds: (DecodedSound | null)[] = [];
  for (const { position } of measuredAudio(expected.plan)) {
    const place = { path: expected.outputPath, formats: OUTPUT_DEMUXERS, streamIndex: position };
    sounds.push(await decodeSound(tools, place, dirname(expected.outputPath), expected.signal));
  }
  return sounds;
}

function compareSound(
  output: OutputPackets,
  outputSound: readonly (DecodedSound | null)[],
  expected: OutputExpectation,
): { worst: number | null; notes: string[] } {
  const notes: string[] = [];
  let worst: number | null = null;
  const video = output.streams.find((stream) => stream.type === "video");
  const firstOut = output.videoPts[0];
  if (video === undefined || firstOut === undefined) return { worst, notes };
  const firstFrameUs = sourceMicroseconds(expected.firstFramePts, expected.encoderTimeBase, expected.info);
  for (const [number, { planned }] of measuredAudio(expected.plan).entries()) {
    const source = expected.sourceSound[number] ?? null;
    const made = outputSound[number] ?? null;
    if (source === null || made === null) {
      notes.push(`audio stream ${planned.source.index}: could not be decoded, offset not measured`);
      continue;
    }
    const measured = measureLag(
      alignSound(source, firstFrameUs, MICROSECONDS),
      alignSound(made, firstOut, video.timeBase),
    );
    if (measured.lagMs === null)
      notes.push(`audio stream ${planned.source.index}: ${measured.reason}, offset not measured`);
    else if (worst === null || Math.abs(measured.lagMs) > Math.abs(worst)) worst = measured.lagMs;
  }
  const left = expected.plan.streams.filter(({ source }) => source.type === "audio").length - MOST_STREAMS_MEASURED;
  if (left > 0) notes.push(`the offset of ${left} further audio streams was not measured`);
  return { worst, notes };
}

/** Reads the whole output once, and a minute of its sound. Errors: E_STITCH when the output cannot be read. */
export async function checkOutput(tools: Tools, expected: OutputExpectation): Promise<OutputCheck> {
  const { plan, outputPath, signal } = expected;
  const [output, outputSound, picture] = await Promise.all([
    readOutput(tools, outputPath, signal),
    decodeOutputSound(tools, expected),
    checkPicture(tools, outputPath, plan.picture, signal),
  ]);
  const frames = checkFrames(output, expected);
  const sound = compareSound(output, outputSound, expected);
  const soundCheck: ProofCheck = {
    name: "audio and video offset",
    ok: sound.worst === null || Math.abs(sound.worst) <= MOST_AV_ERROR_MS,
    detail: sound.worst === null ? (sound.notes[0] ?? "no audio") : `${sound.worst.toFixed(2)} ms from the source's`,
  };
  return {
    framesInOutput: output.videoPts.length,
    pts: frames.pts,
    avOffsetErrorMs: sound.worst,
    streamsOut: output.streams.map(({ index, type, codec, language }) => ({ index, type, codec, language })),
    checks: [...frames.checks, checkStreams(output, plan), picture, soundCheck],
    notes: [...plan.picture.notes, ...sound.notes],
  };
}
