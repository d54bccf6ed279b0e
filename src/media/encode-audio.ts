// Encodes the audio that must be encoded, once, beside the video work: one run, one file for each track, in a container
// that keeps its priming, on the output's own clock: source time minus the source's start.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { landFile, tempNameFor } from "../base/files.ts";
import { runTool } from "../base/process.ts";
import { formatMicroseconds } from "../base/rational.ts";
import { audioEncoderArgs } from "./audio-encoder-args.ts";
import { demuxerName, sourceOffsetUs } from "./formats.ts";
import { lastWords } from "./stderr.ts";
import { type AudioToEncode, audioToEncode, type StreamPlan } from "./stream-plan.ts";
import { fileUrl, inputGuards, QUIET } from "./tool-args.ts";
import type { Tools } from "./tools.ts";
import type { SourceInfo } from "./types.ts";

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

/** Where each encoded track is put, in the plan's order. */
export function audioFiles(plan: StreamPlan, workDir: string): string[] {
  return audioToEncode(plan).map(({ action }) =>
    join(workDir, `audio-${action.file}.${EXTENSIONS[audioFileFormat(action.encoder)]}`),
  );
}

function trackOutput({ source, action }: AudioToEncode, output: string): string[] {
  const format = audioFileFormat(action.encoder);
  return [
    ...["-map", `0:${source.index}`],
    ...audioEncoderArgs(action.settings, action.encoder, source),
    ...["-map_metadata", "-1", "-map_chapters", "-1"],
    ...(format === "mp4" || format === "mov" ? ["-movie_timescale", "48000", "-strict", "-2"] : []),
    ...["-f", format, "-y", output],
  ];
}

/** `input` and `outputs` (one for each track to encode) are `file:` URLs. */
export function audioArgs(info: SourceInfo, plan: StreamPlan, input: string, outputs: readonly string[]): string[] {
  return [
    ...QUIET,
    "-copyts",
    ...["-itsoffset", formatMicroseconds(sourceOffsetUs(-info.startMicroseconds, info))],
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", input],
    ...audioToEncode(plan).flatMap((track, number) => trackOutput(track, outputs[number] ?? "")),
  ];
}

/**
 * The files, one for each track to encode; empty when there is none. What is at a name of `audioFiles` is whole.
 * Errors: E_ENCODE_FAILED with ffmpeg's last words, E_INTERRUPTED.
 */
export async function encodeAudio(
  tools: Tools,
  path: string,
  info: SourceInfo,
  plan: StreamPlan,
  options: { readonly workDir: string; readonly signal?: AbortSignal | undefined },
): Promise<string[]> {
  const outputs = audioFiles(plan, options.workDir);
  if (outputs.length === 0) return [];
  await mkdir(options.workDir, { recursive: true });
  const temporary = outputs.map(tempNameFor);
  const result = await runTool({
    program: tools.ffmpeg,
    args: audioArgs(info, plan, fileUrl(path), temporary.map(fileUrl)),
    signal: options.signal,
  });
  if (result.ended !== "exit")
    throw new AppError("E_INTERRUPTED", "encoding the audio was stopped", "Submit the job again.");
  if (result.exitCode !== 0) {
    throw new AppError(
      "E_ENCODE_FAILED",
      `the audio could not be encoded: ${lastWords(result.stderrTail)}`,
      "Ask for another audio codec, or for -c:a copy.",
    );
  }
  for (const [number, output] of outputs.entries()) await landFile(temporary[number] ?? "", output);
  return outputs;
}
