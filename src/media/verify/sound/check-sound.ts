// The offset between an output's sound and picture, at its beginning and end, found by comparing decoded samples with
// the source's. Timestamps alone don't show lost priming or drift.
import { dirname } from "node:path";
import { MICROSECONDS, type Pts, type Rational, rescale } from "../../../base/rational.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { ProofCheck } from "../../model/proof.ts";
import type { SourceInfo } from "../../model/source.ts";
import type { PlannedStream, StreamPlan } from "../../plan/stream-plan.ts";
import { OUTPUT_DEMUXERS } from "../output-packets.ts";
import { alignSound, overlapsOf } from "./align-sound.ts";
import { measureLag } from "./audio-lag.ts";
import { type DecodedSound, decodeSound, decodeSounds, LAG_SAMPLE_RATE } from "./decode-sound.ts";
import { lagOfSecondHalf, type Measured, reasoned } from "./measured.ts";
import { DECODED_OTHERWISE, isDecodedAlike } from "./same-decode.ts";

/** An A/V offset that is not perceptible and that any container's clock can keep. */
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

/** What is decoded of one track of the source, or of the output. */
export interface SoundSample {
  /** Null: it can't be decoded. */
  readonly beginning: DecodedSound | null;
  /** Its last seconds, of a track that is too long to be decoded whole; null: not decoded. */
  readonly end: DecodedSound | null;
}

export interface SoundCheckInput {
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  readonly sourcePath: string;
  readonly outputPath: string;
  /** From `decodeSourceSound`, which may run before the output is there. */
  readonly sourceSound: readonly SoundSample[];
  /** From `decodeOutputSound`. */
  readonly outputSound: readonly (DecodedSound | null)[];
  readonly source: PictureStart;
  readonly output: PictureStart;
  readonly sourceEnds: SoundEnds;
  readonly signal?: AbortSignal | undefined;
}

export interface SoundCheck {
  readonly check: ProofCheck;
  /** Worst distance of any audio stream, signed, milliseconds; null when nothing could be measured. */
  readonly worstMs: number | null;
  readonly notes: readonly string[];
}

/** How much of a long track's end is decoded, and how much longer than the beginning it must be for that. */
const TAIL_US = 20_000_000;
const LONG_US = 70_000_000;

/** The audio streams whose place is measured, with their position in the output. */
function measuredAudio(plan: StreamPlan): { readonly planned: PlannedStream; readonly position: number }[] {
  return plan.streams
    .flatMap((planned, position) => (planned.source.type === "audio" ? [{ planned, position }] : []))
    .slice(0, MOST_STREAMS_MEASURED);
}

/** Whether the end must be decoded apart. The picture's beginning and the track's end are on one clock. */
function isLong(endUs: number | null, firstFrameUs: number): endUs is number {
  return endUs !== null && endUs - firstFrameUs > LONG_US;
}

/** Of each measured track of the source: its beginning, all of them in one decode, and its end where that is far. */
export async function decodeSourceSound(
  tools: Tools,
  source: Pick<SoundCheckInput, "info" | "plan" | "sourcePath" | "sourceEnds" | "signal"> & {
    readonly firstFrameUs: number;
    readonly nice?: boolean;
  },
  workDir: string,
): Promise<SoundSample[]> {
  const { signal, nice } = source;
  const file = { path: source.sourcePath, formats: source.info.formatName };
  const streamIndexes = measuredAudio(source.plan).map(({ planned }) => planned.source.index);
  const beginnings = await decodeSounds(tools, { ...file, streamIndexes }, workDir, { signal, nice });
  const sounds: SoundSample[] = [];
  for (const [number, index] of streamIndexes.entries()) {
    const beginning = beginnings[number] ?? null;
    const endUs = source.sourceEnds.get(index)?.endUs ?? null;
    const wantsEnd = beginning !== null && isLong(endUs, source.firstFrameUs);
    const end = wantsEnd
      ? await decodeSound(tools, { ...file, streamIndex: index }, workDir, {
          signal,
          nice,
          fromUs: endUs - TAIL_US,
          seeks: true,
        })
      : null;
    sounds.push({ beginning, end });
  }
  return sounds;
}

/** The beginning of each measured track of the output, all in one decode. */
export async function decodeOutputSound(
  tools: Tools,
  output: Pick<SoundCheckInput, "plan" | "outputPath" | "signal">,
): Promise<(DecodedSound | null)[]> {
  const { plan, outputPath, signal } = output;
  const streamIndexes = measuredAudio(plan).map(({ position }) => position);
  const file = { path: outputPath, formats: OUTPUT_DEMUXERS, streamIndexes };
  return await decodeSounds(tools, file, dirname(outputPath), { signal });
}

interface Track {
  readonly planned: PlannedStream;
  readonly position: number;
}

/**
 * The last seconds of a long track, found by seeking. Seeks into some containers give other times than reading does: what
 * looks displaced is decoded once more from the beginning before it is believed. `sought`: what was decoded of the
 * source's; null: not yet.
 */
async function lagAtEnd(
  tools: Tools,
  input: SoundCheckInput,
  track: Track,
  endUs: number,
  sought: DecodedSound | null,
): Promise<Measured> {
  const { source, output, signal } = input;
  const outputZeroUs = rescale(output.firstFramePts, output.timeBase, MICROSECONDS);
  const fromUs = endUs - zeroOf(source) - TAIL_US;
  const workDir = dirname(input.outputPath);
  const decodeOwn = (seeks: boolean) =>
    decodeSound(
      tools,
      { path: input.sourcePath, formats: input.info.formatName, streamIndex: track.planned.source.index },
      workDir,
      { signal, fromUs: endUs - TAIL_US, seeks },
    );
  const measure = async (seeks: boolean): Promise<Measured> => {
    const [own, kept] = await Promise.all([
      (seeks ? sought : null) ?? decodeOwn(seeks),
      decodeSound(tools, { path: input.outputPath, formats: OUTPUT_DEMUXERS, streamIndex: track.position }, workDir, {
        signal,
        fromUs: fromUs + outputZeroUs,
        seeks,
      }),
    ]);
    if (own === null || kept === null) return { lagMs: null, reason: "its end could not be decoded" };
    const skip = Math.round((fromUs * LAG_SAMPLE_RATE) / 1e6);
    return reasoned(
      measureLag(
        alignSound(own, source.firstFramePts, source.timeBase, skip),
        alignSound(kept, output.firstFramePts, output.timeBase, skip),
        overlapsOf(own, source.firstFramePts, source.timeBase, skip),
      ),
    );
  };
  const first = await measure(true);
  return first.lagMs !== null && Math.abs(first.lagMs) <= MOST_AV_ERROR_MS ? first : await measure(false);
}

function zeroOf({ firstFramePts, timeBase }: PictureStart): number {
  return rescale(firstFramePts, timeBase, MICROSECONDS);
}

interface MeasuredTrack {
  readonly index: number;
  readonly parts: readonly (readonly [what: string, Measured])[];
}

async function measureTrack(
  tools: Tools,
  input: SoundCheckInput,
  track: Track,
  { beginning: own, end }: SoundSample,
  kept: DecodedSound | null,
): Promise<MeasuredTrack> {
  const { index } = track.planned.source;
  if (own === null || kept === null)
    return { index, parts: [["offset", { lagMs: null, reason: "it could not be decoded" }]] };
  const source = alignSound(own, input.source.firstFramePts, input.source.timeBase);
  const output = alignSound(kept, input.output.firstFramePts, input.output.timeBase);
  const overlaps = overlapsOf(own, input.source.firstFramePts, input.source.timeBase);
  const atStart = reasoned(measureLag(source, output, overlaps));
  const endUs = input.sourceEnds.get(index)?.endUs ?? null;
  const atEnd = isLong(endUs, zeroOf(input.source))
    ? await lagAtEnd(tools, input, track, endUs, end)
    : lagOfSecondHalf(source, output, overlaps);
  const isOff = [atStart, atEnd].some(({ lagMs }) => Math.abs(lagMs ?? 0) > MOST_AV_ERROR_MS);
  const file = { path: input.sourcePath, formats: input.info.formatName, streamIndex: index };
  const isBelieved = !isOff || (await isDecodedAlike(tools, file, own, dirname(input.outputPath), input.signal));
  const believed = (found: Measured) => (isBelieved ? found : { lagMs: null, reason: DECODED_OTHERWISE });
  return {
    index,
    parts: [
      ["beginning", believed(atStart)],
      ["end", believed(atEnd)],
    ],
  };
}

/** Holds the tracks against each other, beginnings and ends; decodes the ends of long ones. */
export async function checkSound(tools: Tools, input: SoundCheckInput): Promise<SoundCheck> {
  const notes: string[] = [];
  const measured: string[] = [];
  let worstMs: number | null = null;
  const tracks = await Promise.all(
    measuredAudio(input.plan).map((track, number) => {
      const own = input.sourceSound[number] ?? { beginning: null, end: null };
      return measureTrack(tools, input, track, own, input.outputSound[number] ?? null);
    }),
  );
  for (const { index, parts } of tracks) {
    for (const [what, { lagMs, reason }] of parts) {
      if (lagMs === null) {
        notes.push(`audio stream ${index}: ${what} not measured: ${reason ?? "no reason given"}`);
        continue;
      }
      measured.push(`${lagMs.toFixed(2)} ms at the ${what} of stream ${index}`);
      if (worstMs === null || Math.abs(lagMs) > Math.abs(worstMs)) worstMs = lagMs;
    }
  }
  const left = input.plan.streams.filter(({ source }) => source.type === "audio").length - MOST_STREAMS_MEASURED;
  if (left > 0) notes.push(`the offset of ${left} further audio streams was not measured by decoding`);
  return {
    check: {
      name: "audio and video offset",
      ok: worstMs === null || Math.abs(worstMs) <= MOST_AV_ERROR_MS,
      detail:
        measured.length > 0
          ? `${measured.join(", ")} against the source's`
          : notes[0] === undefined
            ? "no audio is kept"
            : `not measured: ${notes[0]}`,
    },
    worstMs,
    notes,
  };
}
