// Decodes a minute of sound, as samples of one channel and the time of each run of them.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../../../base/ids.ts";
import { succeeded } from "../../../base/process/run-process.ts";
import { formatMicroseconds } from "../../../base/rational.ts";
import { complexGraph, writeFilter, writeGraph } from "../../ffmpeg/filter-graph.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";

export const LAG_SAMPLE_RATE = 16_000;
/** How much sound is decoded from each file. */
export const SOUND_SECONDS = 60;

export interface AudioTrackFile {
  readonly path: string;
  readonly formats: string;
  readonly streamIndex: number;
}

/** The beginning of an audio stream, mono, each run of samples with its time on the file's own clock. */
export interface DecodedSound {
  readonly samples: Int16Array;
  readonly runs: readonly { readonly pts: number; readonly samples: number }[];
}

/** `framehash` lines of PCM: PTS in samples and size in bytes of each run of samples. */
export function parseSampleRuns(text: string): { readonly pts: number; readonly samples: number }[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(","))
    .map((fields) => ({ pts: Number(fields[2]), samples: Number(fields[4]) / 2 }));
}

export interface DecodeSoundOptions {
  readonly signal?: AbortSignal | undefined;
  /** From here on the file's own clock instead of its beginning, microseconds. */
  readonly fromUs?: number;
  /** Gets there by seeking, which some containers do not do exactly; else by decoding all before. */
  readonly seeks?: boolean;
  /** At low priority. */
  readonly nice?: boolean | undefined;
}

/** A seek may land late by a packet or two: it aims this much earlier. */
const SEEK_MARGIN_US = 1_000_000;

/** A minute of sound of each stream. Null: that stream cannot be decoded. */
export async function decodeSounds(
  tools: Tools,
  file: Omit<AudioTrackFile, "streamIndex"> & { readonly streamIndexes: readonly number[] },
  workDir: string,
  options: DecodeSoundOptions = {},
): Promise<(DecodedSound | null)[]> {
  const { streamIndexes } = file;
  if (streamIndexes.length === 0) return [];
  const together = await decodeTogether(tools, file, workDir, options);
  if (together !== null) return together;
  if (streamIndexes.length === 1) return [null];
  const alone: (DecodedSound | null)[] = [];
  for (const index of streamIndexes)
    alone.push(...(await decodeSounds(tools, { ...file, streamIndexes: [index] }, workDir, options)));
  return alone;
}

/** The same of one stream. */
export async function decodeSound(
  tools: Tools,
  { streamIndex, ...file }: AudioTrackFile,
  workDir: string,
  options: DecodeSoundOptions = {},
): Promise<DecodedSound | null> {
  const [sound] = await decodeSounds(tools, { ...file, streamIndexes: [streamIndex] }, workDir, options);
  return sound ?? null;
}

/** Null: ffmpeg fails, for one of the streams or for all. */
async function decodeTogether(
  tools: Tools,
  { path, formats, streamIndexes }: Parameters<typeof decodeSounds>[1],
  workDir: string,
  { signal, fromUs, seeks, nice }: DecodeSoundOptions,
): Promise<DecodedSound[] | null> {
  const name = join(workDir, `.sound-${newId().slice(0, 8)}`);
  const parts = streamIndexes.map((index, at) => ({ index, raw: `${name}.${at}.raw`, times: `${name}.${at}.txt` }));
  const seek =
    fromUs === undefined || seeks !== true
      ? []
      : ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", formatMicroseconds(fromUs - SEEK_MARGIN_US)];
  try {
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [path],
      writes: parts.flatMap(({ raw, times }) => [raw, times]),
      args: [
        ...QUIET,
        // The microsecond, less than a tick, keeps 5.1 from counting from this stream's start (see sourceOffsetUs).
        ...["-copyts", "-itsoffset", "0.000001", ...seek],
        ...inputGuards({ formats, kind: "file" }),
        ...["-i", fileUrl(path)],
        ...parts.flatMap(({ index, raw, times }) => soundOutput(index, fromUs, fileUrl(raw), fileUrl(times))),
      ],
      signal,
      nice,
    });
    if (!succeeded(result)) return null;
    return await Promise.all(parts.map(readSound));
  } finally {
    await Promise.all(parts.flatMap(({ raw, times }) => [rm(raw, { force: true }), rm(times, { force: true })]));
  }
}

/** Each stream has a graph of its own: in one graph, all that begin early would be held until the last one begins. */
function soundOutput(index: number, fromUs: number | undefined, raw: string, times: string): string[] {
  const filters = [
    ...(fromUs === undefined ? [] : [writeFilter("atrim", [["start", formatMicroseconds(fromUs)]])]),
    writeFilter("aresample", [["sample_rate", LAG_SAMPLE_RATE]]),
    writeFilter("aformat", [["channel_layouts", "mono"]]),
    writeFilter("atrim", [["end_sample", SOUND_SECONDS * LAG_SAMPLE_RATE]]),
    writeFilter("asplit"),
  ];
  const [samples, hashes] = [`a${index}`, `b${index}`];
  return [
    ...complexGraph(writeGraph([{ from: [`0:${index}`], filters, to: [samples, hashes] }])),
    ...["-map", `[${samples}]`, "-c:a", "pcm_s16le", "-f", "s16le", "-y", raw],
    ...["-map", `[${hashes}]`, "-c:a", "pcm_s16le", "-f", "framehash", "-hash", "adler32", "-y", times],
  ];
}

async function readSound({ raw, times }: { readonly raw: string; readonly times: string }): Promise<DecodedSound> {
  const bytes = await readFile(raw);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 2));
  return { samples, runs: parseSampleRuns(await readFile(times, "utf8")) };
}
