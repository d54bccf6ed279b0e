// The last check before a job counts as completed: demuxes the output and compares it with the plan, and its sound and
// pictures with the source's.
import { dirname } from "node:path";
import { MICROSECONDS, parseRational, rescale, toNumber } from "../../base/rational.ts";
import type { DecodedLengths } from "../audio/audio-length.ts";
import { finishedLengths } from "../audio/audio-length.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { readTextEvents } from "../index/text-events.ts";
import type { TrackPackets } from "../index/track-packets.ts";
import type { ProofCheck, ProofStream } from "../model/proof.ts";
import type { SourceInfo } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";
import type { KeyDistance } from "../request/args/key-distance.ts";
import { checkStreams, soundsIn } from "./check-streams.ts";
import { compareTracks, unequalSubtitles } from "./check-tracks.ts";
import { checkPicture } from "./check-video-stream.ts";
import { type ContainerData, compareContainerData } from "./extras/check-container-data.ts";
import { compareExtras, type Extras, readOutputExtras } from "./extras/check-extras.ts";
import { checkFrameTimes, type FrameTimes, type PlannedTimes } from "./frames/check-frame-times.ts";
import { checkKeyFrames } from "./frames/check-key-frames.ts";
import { checkSteps, type StepsInput } from "./frames/check-steps.ts";
import { crowdTick, sourceSteps } from "./frames/source-steps.ts";
import { OUTPUT_DEMUXERS, type OutputPackets, type OutputPicture, readOutputPackets } from "./output-packets.ts";
import { checkEveryPicture } from "./picture/check-every-picture.ts";
import { checkPictures } from "./picture/check-pictures.ts";
import type { PicturesInput } from "./picture/comparison.ts";
import { type FramePlan, framePlanOf } from "./picture/frame-plan.ts";
import { PictureScores } from "./picture/picture-scores.ts";
import { checkSound, decodeOutputSound, type SoundSample } from "./sound/check-sound.ts";
import { checkSoundKept } from "./sound/check-sound-kept.ts";

/** The input of `checkPictures` besides the output and its times. */
export type ComparedPictures = Omit<
  PicturesInput,
  "framePts" | "encoderTimeBase" | "outputPath" | "output" | "signal"
> & {
  /** Compare all pictures, not just some of each segment (`--verify full`). */
  readonly every: boolean;
};

export interface OutputExpectation extends PlannedTimes {
  readonly info: SourceInfo;
  readonly plan: StreamPlan;
  readonly sourcePath: string;
  readonly outputPath: string;
  /** Distance of key frames by the request; null: it does not state one. */
  readonly keyDistance: KeyDistance | null;
  /** When the source's first frame is shown, on its own clock. */
  readonly firstFrameUs: number;
  /** From `decodeSourceSound`; this and the next three may be read before the output exists. */
  readonly sourceSound: readonly SoundSample[];
  /** From `readTrackPackets`, or counted by the index. */
  readonly sourceTracks: ReadonlyMap<number, TrackPackets>;
  /** From `readSourceExtras`. */
  readonly sourceExtras: Extras | null;
  /** From `soundLengths`, of audio that was encoded, by the number of its file. */
  readonly soundLengths: ReadonlyMap<number, DecodedLengths>;
  /** What the pictures are compared with. */
  readonly pictures: ComparedPictures;
  /** Why the source's times can't be compared; null: they can. */
  readonly withoutTimes: string | null;
  readonly signal?: AbortSignal | undefined;
}

export interface OutputCheck {
  readonly framesInOutput: number;
  /** Picture size, "320x180", by the output's header; null: it states none. */
  readonly pictureSize: string | null;
  /** As ffprobe reads it; null: there is none. */
  readonly pixelFormat: string | null;
  readonly pts: FrameTimes;
  /** Worst distance of any audio stream, signed, milliseconds; null when nothing could be measured. */
  readonly avOffsetErrorMs: number | null;
  readonly streamsOut: readonly ProofStream[];
  readonly checks: readonly ProofCheck[];
  /** What the output lacks of the source besides whole streams, a sentence each. */
  readonly lost: readonly string[];
  readonly notes: readonly string[];
  /** So that its pictures can be looked at beside the source's. */
  readonly framePlan: FramePlan;
}

/** The expected duration of the output: the total of the source's packets, however often its clock restarts. */
function stepsOf(expected: OutputExpectation, output: OutputPackets): StepsInput {
  const { plan, sourceTracks, framePts, pictures } = expected;
  const { timeBase } = pictures.index;
  const clock = output.streams.find((stream) => stream.type === "video")?.timeBase ?? timeBase;
  const outputTick = toNumber(clock);
  const tick = crowdTick(pictures.index, pictures.request, outputTick);
  return {
    shown: output.videoPts.map((pts) => pts * outputTick),
    tick,
    picture: framePts === null ? null : sourceSteps(pictures.index, pictures.request, tick),
    sounds: plan.streams.flatMap(({ source }, position) => {
      const own = sourceTracks.get(source.index)?.progressUs;
      const { startUs = null, endUs = null } = output.tracks.get(position) ?? {};
      if (source.type !== "audio" || own === undefined || startUs === null || endUs === null) return [];
      return [{ stream: source.index, source: own / 1e6, output: (endUs - startUs) / 1e6 }];
    }),
  };
}

function containerDataOf(picture: OutputPicture | null): ContainerData {
  const timecode = Object.entries(picture?.tags ?? {}).find(([key]) => key.toLowerCase() === "timecode")?.[1] ?? null;
  const rate = parseRational(picture?.avg_frame_rate ?? "");
  return { sideData: picture?.side_data_list ?? [], timecode, frameRate: rate === null ? null : toNumber(rate) };
}

async function comparePictures(
  tools: Tools,
  expected: OutputExpectation,
  output: OutputPackets,
): Promise<{ readonly checks: readonly ProofCheck[]; readonly framePlan: FramePlan }> {
  const { framePts, encoderTimeBase, outputPath, signal, pictures } = expected;
  const scores = new PictureScores(output.videoPts.length);
  const input = { ...pictures, framePts, encoderTimeBase, outputPath, output, signal, scores };
  const some = await checkPictures(tools, input);
  const checks = pictures.every ? [some, await checkEveryPicture(tools, input)] : [some];
  return { checks, framePlan: framePlanOf(tools, input, scores, pictures.every) };
}

/** Of subtitles whose events are not as many as the source's: how many of the source's hold text, by stream. */
async function sourceTextEvents(tools: Tools, expected: OutputExpectation, output: OutputPackets) {
  const { info, plan, sourcePath, sourceTracks, signal } = expected;
  const textEvents = new Map<number, number | null>();
  for (const streamIndex of unequalSubtitles(plan, sourceTracks, output.tracks)) {
    const track = { path: sourcePath, formats: info.formatName, streamIndex };
    textEvents.set(streamIndex, await readTextEvents(tools, track, signal));
  }
  return textEvents;
}

/**
 * Reads the whole output once, and decodes the beginnings and ends of its sound at the same time. Errors: E_STITCH when
 * the output cannot be read.
 */
export async function checkOutput(tools: Tools, expected: OutputExpectation): Promise<OutputCheck> {
  const { info, plan, sourcePath, outputPath, sourceTracks, sourceExtras, signal } = expected;
  const [output, outputSound, outputExtras] = await Promise.all([
    readOutputPackets(tools, outputPath, signal),
    decodeOutputSound(tools, { plan, outputPath, signal }),
    sourceExtras === null ? null : readOutputExtras(tools, outputPath, plan, signal),
  ]);
  const frames = checkFrameTimes(output, expected);
  const video = output.streams.find((stream) => stream.type === "video");
  const source = { firstFramePts: expected.firstFrameUs, timeBase: MICROSECONDS };
  const kept = { firstFramePts: output.videoPts[0] ?? 0, timeBase: video?.timeBase ?? expected.encoderTimeBase };
  const firstFrameUs = {
    source: expected.firstFrameUs,
    output: rescale(kept.firstFramePts, kept.timeBase, MICROSECONDS),
  };
  const [sound, tags, pictures, decoded] = await Promise.all([
    checkSound(tools, {
      info,
      plan,
      sourcePath,
      outputPath,
      source,
      output: kept,
      sourceEnds: sourceTracks,
      sourceSound: expected.sourceSound,
      outputSound,
      signal,
    }),
    checkPicture(tools, outputPath, plan.picture, output.picture, signal),
    comparePictures(tools, expected, output),
    finishedLengths(tools, plan, expected.soundLengths, { path: outputPath, formats: OUTPUT_DEMUXERS }, signal),
  ]);
  const extras =
    sourceExtras === null || outputExtras === null
      ? { checks: [], lost: [] }
      : await compareExtras(
          tools,
          plan,
          { source: sourceExtras, output: outputExtras, workDir: dirname(outputPath) },
          firstFrameUs,
          signal,
        );
  const beside = compareContainerData(
    { sideData: info.sideData ?? [], timecode: plan.timecode },
    containerDataOf(output.picture),
    plan.container,
  );
  const textEvents = await sourceTextEvents(tools, expected, output);
  const keys = checkKeyFrames(output.videoPts, output.keyPts, expected.keyDistance);
  const tracks = compareTracks({
    textEvents,
    plan,
    source: { tracks: sourceTracks, firstFrameUs: firstFrameUs.source },
    output: { tracks: output.tracks, firstFrameUs: firstFrameUs.output },
    decoded,
    withoutTimes: expected.withoutTimes,
  });
  const steps = checkSteps(stepsOf(expected, output));
  return {
    framesInOutput: output.videoPts.length,
    pictureSize: output.picture === null ? null : `${output.picture.width ?? 0}x${output.picture.height ?? 0}`,
    pixelFormat: output.picture?.pix_fmt ?? null,
    pts: frames.pts,
    avOffsetErrorMs: sound.worstMs,
    streamsOut: output.streams.map(({ index, type, codec, language }) => ({ index, type, codec, language })),
    checks: [
      ...frames.checks,
      steps,
      ...(keys === null ? [] : [keys]),
      checkStreams(output, plan),
      tags,
      ...pictures.checks,
      checkSoundKept(plan, { formatName: info.formatName, tracks: sourceTracks }, soundsIn(output)),
      ...tracks,
      sound.check,
      ...extras.checks,
      ...beside.checks,
    ],
    lost: [...extras.lost, ...beside.lost],
    notes: [...plan.picture.notes, ...sound.notes],
    framePlan: pictures.framePlan,
  };
}
