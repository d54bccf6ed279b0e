// Encodes the audio that must be encoded, once, beside the video work, into a container that keeps its priming, on the
// output's own clock: source time minus the source's start.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/errors.ts";
import { landFile, tempNameFor } from "../base/files.ts";
import { runTool } from "../base/process.ts";
import { formatMicroseconds } from "../base/rational.ts";
import { audioEncoderArgs } from "./audio-encoder-args.ts";
import { demuxerName, fileUrl, inputGuards, sourceOffsetUs } from "./formats.ts";
import type { EncodeRequest } from "./request/encode-request.ts";
import { lastWords } from "./stderr.ts";
import { audioToEncode, type StreamPlan } from "./stream-plan.ts";
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

export function audioArgs(
  info: SourceInfo,
  request: EncodeRequest,
  plan: StreamPlan,
  input: string,
  output: string,
): string[] {
  const tracks = audioToEncode(plan);
  const encoder = tracks[0]?.action.encoder ?? "aac";
  const format = audioFileFormat(encoder);
  return [
    "-hide_banner",
    "-nostdin",
    "-v",
    "error",
    "-copyts",
    "-itsoffset",
    formatMicroseconds(sourceOffsetUs(-info.startMicroseconds, info.startMicroseconds)),
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    "-f",
    demuxerName(info.formatName),
    "-i",
    input,
    ...tracks.flatMap((track) => ["-map", `0:${track.source.index}`]),
    ...audioEncoderArgs(request, encoder),
    "-map_metadata",
    "-1",
    "-map_chapters",
    "-1",
    ...(format === "mp4" || format === "mov" ? ["-movie_timescale", "48000", "-strict", "-2"] : []),
    "-f",
    format,
    "-y",
    output,
  ];
}

/** Null when nothing is to be encoded; else the file's path. Errors: E_ENCODE_FAILED with ffmpeg's last words, E_INTERRUPTED. */
export async function encodeAudio(
  tools: Tools,
  path: string,
  info: SourceInfo,
  request: EncodeRequest,
  plan: StreamPlan,
  options: { readonly workDir: string; readonly signal?: AbortSignal },
): Promise<string | null> {
  const [first] = audioToEncode(plan);
  if (first === undefined) return null;
  await mkdir(options.workDir, { recursive: true });
  const output = join(options.workDir, `audio.${EXTENSIONS[audioFileFormat(first.action.encoder)]}`);
  const temporary = tempNameFor(output);
  const result = await runTool({
    program: tools.ffmpeg,
    args: audioArgs(info, request, plan, fileUrl(path), fileUrl(temporary)),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
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
  await landFile(temporary, output);
  return output;
}
