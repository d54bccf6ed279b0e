// Encodes all audio that can't be copied, once, in parallel with the video: one run, one file per track, in a container
// that keeps its priming, on the output's clock (source time minus the source's start).
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { landFile, tempNameFor } from "../../base/files.ts";
import { formatMicroseconds } from "../../base/rational.ts";
import { demuxerName, sourceOffsetUs } from "../ffmpeg/formats.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputFiles, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { type AudioToEncode, audioToEncode, type StreamPlan } from "../plan/stream-plan.ts";
import { audioEncoderArgs } from "./audio-encoder-args.ts";
import type { DecodedLengths } from "./audio-length.ts";
import { isShort, soundLengths } from "./audio-length.ts";
import { withLoudness } from "./loudness.ts";

/**
 * AAC through MKA or NUT loses its priming and lands 21 ms late (docs/MEASURED.md §3); MP4 keeps it, to the sample when its
 * movie clock is as fine as the samples. MOV is the same for PCM, Ogg for Vorbis.
 */
export function audioFileFormat(encoder: string): "mp4" | "mov" | "ogg" | "matroska" {
  if (encoder.startsWith("pcm_")) return "mov";
  if (encoder === "libvorbis" || encoder === "vorbis") return "ogg";
  return [
    "aac",
    "libfdk_aac",
    "aac_at",
    "alac",
    "libmp3lame",
    "ac3",
    "eac3",
    "libopus",
    "opus",
    "flac",
    "mp2",
    "libtwolame",
    "dca",
  ].includes(encoder)
    ? "mp4"
    : "matroska";
}

const EXTENSIONS = { mp4: "mp4", mov: "mov", ogg: "ogg", matroska: "mka" } as const;

/** The file of each encoded track, in the plan's order. */
export function audioFiles(plan: StreamPlan, workDir: string): string[] {
  return audioToEncode(plan).map(({ action }) =>
    join(workDir, `audio-${action.file}.${EXTENSIONS[audioFileFormat(action.encoder)]}`),
  );
}

/**
 * The format where MP4 would lose sound: exact to the sample, except for ALAC, which NUT does not support. Ogg keeps the
 * priming of Opus (5.1 to 9.0); NUT, which holds no negative times, puts sound that begins within it up to 6.5 ms late.
 */
function spareFormat(encoder: string): "nut" | "matroska" | "ogg" {
  if (/opus/.test(encoder)) return "ogg";
  return encoder === "alac" ? "matroska" : "nut";
}

/**
 * Ogg says when a page ends, and its last page when the sound does: where that is the first one too (it lasts a second by
 * itself), nothing says when the sound begins. A frame of Opus.
 */
const OGG_PAGE_US = "20000";

/** `stream`: of the input; `isSpare`: not in the encoder's usual format. */
function trackOutput({ source, action }: AudioToEncode, stream: number, output: string, isSpare = false): string[] {
  const format = isSpare ? spareFormat(action.encoder) : audioFileFormat(action.encoder);
  return [
    ...["-map", `0:${stream}`],
    ...audioEncoderArgs(action.settings, action.encoder, source),
    ...["-map_metadata", "-1", "-map_chapters", "-1"],
    ...(format === "mp4" || format === "mov" ? ["-movie_timescale", "48000", "-strict", "-2"] : []),
    ...(format === "ogg" ? ["-page_duration", OGG_PAGE_US] : []),
    ...["-f", format, "-y", output],
  ];
}

/** The source on the output's clock, or later by a constant. */
function sourceInput(info: SourceInfo, input: string, laterUs = 0): string[] {
  return [
    ...QUIET,
    "-copyts",
    ...["-itsoffset", formatMicroseconds(sourceOffsetUs(laterUs - info.startMicroseconds, info))],
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", input],
  ];
}

/** `input` and `outputs` (one for each track to encode) are `file:` URLs. */
export function audioArgs(info: SourceInfo, plan: StreamPlan, input: string, outputs: readonly string[]): string[] {
  return [
    ...sourceInput(info, input),
    ...audioToEncode(plan).flatMap((track, number) => trackOutput(track, track.source.index, outputs[number] ?? "")),
  ];
}

/** NUT can't hold negative times; no sound begins an hour before its video. */
const AWAY_FROM_ZERO_US = 3_600_000_000;

export interface AudioSteps {
  /** These are `file:` URLs. */
  readonly input: string;
  readonly samples: string;
  readonly outputs: readonly string[];
  /** Numbers of the files that use the spare format. */
  readonly spare: ReadonlySet<number>;
}

/** The tracks to encode as samples in one NUT file, and that file encoded. */
export function audioStepsArgs(
  info: SourceInfo,
  plan: StreamPlan,
  { input, samples, outputs, spare }: AudioSteps,
): readonly [string[], string[]] {
  const tracks = audioToEncode(plan);
  const maps = tracks.flatMap(({ source }) => ["-map", `0:${source.index}`]);
  return [
    [
      ...[...sourceInput(info, input, AWAY_FROM_ZERO_US), ...maps],
      ...["-c:a", "pcm_f32le", "-map_metadata", "-1", "-map_chapters", "-1", "-f", "nut", "-y", samples],
    ],
    [
      ...[...QUIET, "-copyts", "-itsoffset", formatMicroseconds(-AWAY_FROM_ZERO_US)],
      ...["-protocol_whitelist", "file", "-f", "nut", "-i", samples],
      ...tracks.flatMap((track, number) =>
        trackOutput(track, number, outputs[number] ?? "", spare.has(track.action.file)),
      ),
    ],
  ];
}

async function run(
  tools: Tools,
  args: readonly string[],
  writes: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await runTool({ tools, program: "ffmpeg", reads: inputFiles(args), writes, args, signal });
  if (result.ended !== "exit")
    throw new AppError("E_INTERRUPTED", "encoding the audio was stopped", "Submit the job again.");
  if (result.exitCode !== 0) {
    throw new AppError(
      "E_ENCODE_FAILED",
      `the audio could not be encoded: ${lastWords(result.stderrTail)}`,
      "Ask for another audio codec, or for -c:a copy.",
    );
  }
}

export interface EncodedSound {
  /** One for each track to encode, in the plan's order; empty when there is none. */
  readonly files: readonly string[];
  /** Length of each file and of its source track, by the number of the file. */
  readonly lengths: ReadonlyMap<number, DecodedLengths>;
  /** What `-loudness` made of each track, for the proof. */
  readonly notes: readonly string[];
}

/** The files that lack sound. */
function shortOf(lengths: EncodedSound["lengths"]): ReadonlySet<number> {
  return new Set([...lengths].flatMap(([file, each]) => (isShort(each) ? [file] : [])));
}

/**
 * What is at a name of `audioFiles` is whole. Before 7.0 ffmpeg loses what the encoder's next frame has gathered where the
 * sound changes its layout (a broadcast between 5.1 and stereo): where sound is missing it is decoded to samples first,
 * which have no frames, and encoded from these. Since 9.0 its reader of MP4 takes from the end of a track what that
 * begins late by, if it is less than a frame: what is still missing then is kept in another format, whatever the file is called.
 * Errors: E_ENCODE_FAILED with ffmpeg's last words, E_INTERRUPTED.
 */
export async function encodeAudio(
  tools: Tools,
  path: string,
  info: SourceInfo,
  asked: StreamPlan,
  options: { readonly workDir: string; readonly signal?: AbortSignal | undefined },
): Promise<EncodedSound> {
  const { workDir, signal } = options;
  const files = audioFiles(asked, workDir);
  if (files.length === 0) return { files, lengths: new Map(), notes: [] };
  const { plan, notes } = await withLoudness(tools, path, info, asked, signal);
  await mkdir(workDir, { recursive: true });
  const temporary = files.map(tempNameFor);
  const [input, outputs] = [fileUrl(path), temporary.map(fileUrl)];
  await run(tools, audioArgs(info, plan, input, outputs), temporary, signal);
  const measure = () => soundLengths(tools, { info, plan, sourcePath: path, audioPaths: temporary }, signal);
  let lengths = await measure();
  for (const isLast of [false, true]) {
    const short = shortOf(lengths);
    if (short.size === 0) break;
    const samples = tempNameFor(join(workDir, "samples.nut"));
    try {
      const steps = { input, samples: fileUrl(samples), outputs, spare: isLast ? short : new Set<number>() };
      for (const args of audioStepsArgs(info, plan, steps)) await run(tools, args, [samples, ...temporary], signal);
    } finally {
      await rm(samples, { force: true });
    }
    lengths = await measure();
  }
  for (const [number, file] of files.entries()) await landFile(temporary[number] ?? "", file);
  return { files, lengths, notes };
}
