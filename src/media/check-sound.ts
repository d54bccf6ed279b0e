// Where an output's sound lies against the picture, at its beginning and at its end, by decoded samples held against the
// source's: what timestamps alone do not show (lost priming, drift).
import { dirname } from "node:path";
import { MICROSECONDS, type Pts, type Rational, rescale } from "../base/rational.ts";
import { alignSound, type DecodedSound, decodeSound, LAG_SAMPLE_RATE, measureLag } from "./audio-lag.ts";
import { OUTPUT_DEMUXERS } from "./output-packets.ts";
import type { PlannedStream, StreamPlan } from "./stream-plan.ts";
import type { Tools } from "./tools.ts";
import type { ProofCheck, SourceInfo } from "./types.ts";

/** A/V distance that nobody can perceive and any container's clock keeps. */
const MOST_AV_ERROR_MS = 1;
/** Each stream costs two decodes of a minute of sound, and two of its end. */
const MOST_STREAMS_MEASURED = 4;

/** Where a file's picture begins; sound is placed against it. */
export interface PictureStart {
  readonly firstFramePts: Pts;
  readonly timeBase: Rational;
}

/** When each kept sound track begins and ends, microseconds on its file's clock, by stream index; from its packets. */
export type SoundEnds = ReadonlyMap<number, { readonly endUs: number | null }>;

export interface SoundCheckInput {
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  readonly sourcePath: string;
  readonly outputPath: string;
  /** From `decodeSourceSound`, which may run beside the stitch. */
  readonly sourceSound: readonly (DecodedSound | null)[];
  readonly source: PictureStart;
  readonly output: PictureStart;
  readonly sourceEnds: SoundEnds;
  readonly signal?: AbortSignal;
}

export interface SoundCheck {
  readonly check: ProofCheck;
  /** Worst distance of any audio stream, signed, milliseconds; null when nothing could be measured. */
  readonly worstMs: number | null;
  readonly notes: readonly string[];
}

/** The audio streams whose place is measured, with their position in the output. */
function measuredAudio(plan: StreamPlan): { readonly planned: PlannedStream; readonly position: number }[] {
  return plan.streams
    .flatMap((planned, position) => (planned.source.type === "audio" ? [{ planned, position }] : []))
    .slice(0, MOST_STREAMS_MEASURED);
}

/** The beginning of each kept audio stream of the source; null where one can't be decoded. */
export async function decodeSourceSound(
  tools: Tools,
  source: Pick<SoundCheckInput, "info" | "plan" | "sourcePath" | "signal">,
  workDir: string,
): Promise<(DecodedSound | null)[]> {
  const sounds: (DecodedSound | null)[] = [];
  for (const { planned } of measuredAudio(source.plan)) {
    const place = { path: source.sourcePath, formats: source.info.formatName, streamIndex: planned.source.index };
    sounds.push(await decodeSound(tools, place, workDir, { signal: source.signal }));
  }
  return sounds;
}

interface Measured {
  readonly lagMs: number | null;
  readonly reason: string | null;
}

/** Sound shorter than what is decoded of its beginning: its second half is its end. */
function lagOfSecondHalf(source: Int16Array, output: Int16Array): Measured {
  const half = Math.floor(Math.min(source.length, output.length) / 2);
  return reasoned(measureLag(source.subarray(half), output.subarray(half)));
}

function reasoned(measured: ReturnType<typeof measureLag>): Measured {
  return measured.lagMs === null ? { lagMs: null, reason: measured.reason } : { lagMs: measured.lagMs, reason: null };
}

/**
 * The last seconds of a long track, found by seeking. Seeks into some containers give other times than reading does: what
 * looks displaced is decoded once more from the beginning before it is believed.
 */
async function lagAtEnd(
  tools: Tools,
  input: SoundCheckInput,
  track: { readonly planned: PlannedStream; readonly position: number },
  endUs: number,
): Promise<Measured> {
  const { source, output, signal } = input;
  const sourceZeroUs = rescale(source.firstFramePts, source.timeBase, MICROSECONDS);
  const outputZeroUs = rescale(output.firstFramePts, output.timeBase, MICROSECONDS);
  const fromUs = endUs - sourceZeroUs - TAIL_US;
  const measure = async (seeks: boolean): Promise<Measured> => {
    const workDir = dirname(input.outputPath);
    const own = await decodeSound(
      tools,
      { path: input.sourcePath, formats: input.info.formatName, streamIndex: track.planned.source.index },
      workDir,
      { signal, fromUs: fromUs + sourceZeroUs, seeks },
    );
    const kept = await decodeSound(
      tools,
      { path: input.outputPath, formats: OUTPUT_DEMUXERS, streamIndex: track.position },
      workDir,
      { signal, fromUs: fromUs + outputZeroUs, seeks },
    );
    if (own === null || kept === null) return { lagMs: null, reason: "its end could not be decoded" };
    const skip = Math.round((fromUs * LAG_SAMPLE_RATE) / 1e6);
    return reasoned(
      measureLag(
        alignSound(own, source.firstFramePts, source.timeBase, skip),
        alignSound(kept, output.firstFramePts, output.timeBase, skip),
      ),
    );
  };
  const sought = await measure(true);
  return sought.lagMs !== null && Math.abs(sought.lagMs) <= MOST_AV_ERROR_MS ? sought : await measure(false);
}

/** How much of a long track's end is decoded, and how much longer than the beginning it must be for that. */
const TAIL_US = 20_000_000;
const LONG_US = 70_000_000;

/** Decodes the output's sound and the ends of both files'. */
export async function checkSound(tools: Tools, input: SoundCheckInput): Promise<SoundCheck> {
  const notes: string[] = [];
  const told: string[] = [];
  let worstMs: number | null = null;
  const take = (what: string, index: number, { lagMs, reason }: Measured) => {
    if (lagMs === null) {
      notes.push(`audio stream ${index}: ${what} not measured: ${reason ?? "no reason given"}`);
      return;
    }
    told.push(`${lagMs.toFixed(2)} ms at the ${what} of stream ${index}`);
    if (worstMs === null || Math.abs(lagMs) > Math.abs(worstMs)) worstMs = lagMs;
  };
  for (const [number, track] of measuredAudio(input.plan).entries()) {
    const { index } = track.planned.source;
    const own = input.sourceSound[number] ?? null;
    const place = { path: input.outputPath, formats: OUTPUT_DEMUXERS, streamIndex: track.position };
    const kept = await decodeSound(tools, place, dirname(input.outputPath), { signal: input.signal });
    if (own === null || kept === null) {
      take("offset", index, { lagMs: null, reason: "it could not be decoded" });
      continue;
    }
    const source = alignSound(own, input.source.firstFramePts, input.source.timeBase);
    const output = alignSound(kept, input.output.firstFramePts, input.output.timeBase);
    const atStart = reasoned(measureLag(source, output));
    take("beginning", index, atStart);
    const endUs = input.sourceEnds.get(index)?.endUs ?? null;
    const zeroUs = rescale(input.source.firstFramePts, input.source.timeBase, MICROSECONDS);
    const isLong = endUs !== null && endUs - zeroUs > LONG_US;
    take("end", index, isLong ? await lagAtEnd(tools, input, track, endUs) : lagOfSecondHalf(source, output));
  }
  const left = input.plan.streams.filter(({ source }) => source.type === "audio").length - MOST_STREAMS_MEASURED;
  if (left > 0) notes.push(`the offset of ${left} further audio streams was not measured by decoding`);
  return {
    check: {
      name: "audio and video offset",
      ok: worstMs === null || Math.abs(worstMs) <= MOST_AV_ERROR_MS,
      detail:
        told.length > 0
          ? `${told.join(", ")} against the source's`
          : notes[0] === undefined
            ? "no audio is kept"
            : `not measured: ${notes[0]}`,
    },
    worstMs,
    notes,
  };
}
