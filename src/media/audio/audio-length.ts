// Counts the samples that a track decodes to, without keeping any.

import { succeeded } from "../../base/process/run-process.ts";
import { parseRational, type Rational, toNumber } from "../../base/rational.ts";
import { probeCompact } from "../ffmpeg/compact-lines.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { ProofCheck } from "../model/proof.ts";
import type { SourceInfo } from "../model/source.ts";
import { type AudioToEncode, audioToEncode, type StreamPlan } from "../plan/stream-plan.ts";

import { AUDIO_FILE_DEMUXERS } from "./stream-beginnings.ts";

/** Length of the decoded samples in seconds; null: it could not be decoded, or was not measured. */
export interface DecodedLengths {
  readonly sourceSeconds: number | null;
  readonly outputSeconds: number | null;
}

/** Seconds of a stream's samples from zero on, and of those before zero. */
interface Counted {
  readonly seconds: number | null;
  readonly beforeZero: number;
}

export interface SoundFile {
  readonly path: string;
  readonly formats: string;
  readonly streamIndexes: readonly number[];
}

/**
 * Lines of text are few when they stand for many samples each. They are joined behind the encoder: a filter would lose
 * what it holds where the sound changes its layout.
 */
const SAMPLES_A_LINE = 65_536;

const NOT_COUNTED: Counted = { seconds: null, beforeZero: 0 };

/** Files that one run of ffmpeg reads: each has a decoder. */
const MOST_FILES = 8;

/**
 * Seconds of samples for each requested stream; all null when one can't be decoded. What is decoded of before the file's
 * start does not count: since 7.0 the first packet that an edit list cuts into is decoded whole with some codecs (ALAC), and
 * an MP4 made of it hides the same.
 */
export async function soundSeconds(
  tools: Tools,
  file: SoundFile,
  signal?: AbortSignal,
): Promise<readonly (number | null)[]> {
  const [counted = []] = await countFiles(tools, [file], signal);
  return counted.map(({ seconds }) => seconds);
}

/** The same of several files, by their place in `files`. */
async function countFiles(
  tools: Tools,
  files: readonly SoundFile[],
  signal?: AbortSignal,
): Promise<readonly (readonly Counted[])[]> {
  const found: (readonly Counted[])[] = [];
  for (let from = 0; from < files.length; from += MOST_FILES) {
    const some = files.slice(from, from + MOST_FILES);
    const together = await countInOneRun(tools, some, signal);
    if (together !== null) found.push(...together);
    else if (some.length > 1) for (const file of some) found.push(...(await countFiles(tools, [file], signal)));
    else found.push(...some.map(({ streamIndexes }) => streamIndexes.map(() => NOT_COUNTED)));
  }
  return found;
}

/** Null: a stream of one of the files can't be decoded. */
async function countInOneRun(
  tools: Tools,
  files: readonly SoundFile[],
  signal?: AbortSignal,
): Promise<Counted[][] | null> {
  const streams = files.flatMap(({ streamIndexes }, file) => streamIndexes.map((index) => `${file}:${index}`));
  if (streams.length === 0) return files.map(() => []);
  const samples: (number | undefined)[] = streams.map(() => undefined);
  const early = streams.map(() => 0);
  const rates = streams.map(() => 0);
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: files.map(({ path }) => path),
    writes: [],
    args: [
      ...QUIET,
      ...files.flatMap(({ path, formats }) => [...inputGuards({ formats, kind: "file" }), "-i", fileUrl(path)]),
      ...streams.flatMap((stream) => ["-map", stream]),
      ...["-c:a", "pcm_s16le", "-bsf:a", `pcm_rechunk=n=${SAMPLES_A_LINE}:pad=0`],
      ...["-f", "framehash", "-hash", "adler32", "pipe:1"],
    ],
    signal,
    onLine: (line) => {
      const clock = /^#tb (\d+): 1\/(\d+)/.exec(line);
      if (clock) rates[Number(clock[1])] = Number(clock[2]);
      if (line.startsWith("#")) return;
      const fields = line.split(",");
      const stream = Number(fields[0]);
      // Sound before zero counts against what follows; only the first line begins there.
      if (samples[stream] === undefined) early[stream] = Math.max(0, -Number(fields[2]));
      samples[stream] = (samples[stream] ?? -(early[stream] ?? 0)) + Number(fields[3]);
    },
  });
  if (!succeeded(result)) return null;
  const counted = samples.map((count, stream) => {
    const rate = rates[stream] ?? 0;
    if (rate === 0) return NOT_COUNTED;
    return { seconds: (count ?? 0) / rate, beforeZero: (early[stream] ?? 0) / rate };
  });
  return files.map(({ streamIndexes }) => counted.splice(0, streamIndexes.length));
}

/** libopus encodes what has fewer samples a second at 24 kHz and less. */
const LEAST_FULL_OPUS_RATE = 44_100;
const OPUS_DECODED_RATE = 48_000;

/**
 * By how much the decoded length of an MP4 with Opus says too much, seconds: its reader skips the priming by the track's
 * samples, and Opus of any rate is decoded to 48,000 a second. The file that it is joined into lacks that (until 9.0).
 */
async function unskippedSeconds(tools: Tools, path: string, signal?: AbortSignal): Promise<number> {
  let skipped = 0;
  let timeBase: Rational | null = null;
  const question = {
    path,
    formats: AUDIO_FILE_DEMUXERS,
    args: [
      ...["-read_intervals", "%+#1"],
      ...["-show_entries", "packet=stream_index:packet_side_data=skip_samples:stream=time_base"],
    ],
  };
  const onSection = (fields: ReadonlyMap<string, string>) => {
    // Since 7.0 the name of the side data stands before it.
    for (const [name, value] of fields) if (name.endsWith("skip_samples")) skipped = Number(value);
    timeBase = parseRational(fields.get("time_base") ?? "") ?? timeBase;
  };
  await probeCompact(tools, question, onSection, signal);
  return timeBase === null ? 0 : Math.max(0, skipped * (toNumber(timeBase) - 1 / OPUS_DECODED_RATE));
}

/** Whether an encoder of Opus may have got another rate than the one that it is decoded to. */
function isSlowOpus({ source, action }: AudioToEncode): boolean {
  const rate = action.settings.sampleRate ?? source.sampleRate ?? 0;
  return /opus/.test(action.encoder) && rate < LEAST_FULL_OPUS_RATE;
}

/** Of each track that was encoded, by the number of its file: how long the source's sound is, and how long what was made of it. */
export async function soundLengths(
  tools: Tools,
  files: {
    readonly info: SourceInfo;
    readonly plan: StreamPlan;
    readonly sourcePath: string;
    /** One for each track that is encoded, in the plan's order. */
    readonly audioPaths: readonly string[];
  },
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, DecodedLengths>> {
  const tracks = audioToEncode(files.plan);
  const streamIndexes = tracks.map((track) => track.source.index);
  const source = { path: files.sourcePath, formats: files.info.formatName, streamIndexes };
  const made = tracks.map(({ action }) => ({
    path: files.audioPaths[action.file] ?? "",
    formats: AUDIO_FILE_DEMUXERS,
    streamIndexes: [0],
  }));
  const [own = [], ...encoded] = await countFiles(tools, [source, ...made], signal);
  const lengths = new Map<number, DecodedLengths>();
  for (const [position, track] of tracks.entries()) {
    const [{ seconds, beforeZero } = NOT_COUNTED] = encoded[position] ?? [];
    const path = made[position]?.path ?? "";
    const unskipped = seconds !== null && isSlowOpus(track) ? await unskippedSeconds(tools, path, signal) : 0;
    // What lies before zero is not in the count.
    const outputSeconds = seconds === null ? null : seconds - Math.max(0, unskipped - beforeZero);
    lengths.set(track.action.file, { sourceSeconds: own[position]?.seconds ?? null, outputSeconds });
  }
  return lengths;
}

/** The same of the finished output, where each encoded track lies at its place in the plan: joining may lose an end. */
export async function finishedLengths(
  tools: Tools,
  plan: StreamPlan,
  made: ReadonlyMap<number, DecodedLengths>,
  output: { readonly path: string; readonly formats: string },
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, DecodedLengths>> {
  const encoded = plan.streams.flatMap(({ action }, position) =>
    action.kind === "encode-audio" ? [{ position, file: action.file }] : [],
  );
  const seconds = await soundSeconds(
    tools,
    { ...output, streamIndexes: encoded.map(({ position }) => position) },
    signal,
  );
  return new Map(
    encoded.map(({ file }, position) => [
      file,
      { sourceSeconds: made.get(file)?.sourceSeconds ?? null, outputSeconds: seconds[position] ?? null },
    ]),
  );
}

/** One frame of HE-AAC at 22.05 kHz, the longest of the common codecs, at each end: what priming and padding may add. */
const MOST_ADDED_SECONDS = 2 * 0.093;
/** Another sample rate rounds the length; a larger difference is missing sound. */
const MOST_LOST_SECONDS = 0.001;

/** Whether sound is missing; false when the length can't be measured. */
export function isShort({ sourceSeconds, outputSeconds }: DecodedLengths): boolean {
  return sourceSeconds !== null && outputSeconds !== null && outputSeconds < sourceSeconds - MOST_LOST_SECONDS;
}

/** The full check of sound: every kept track of the output, decoded to its end, must be as long as the source's. */
export async function checkDecodedSound(
  tools: Tools,
  files: {
    readonly plan: StreamPlan;
    readonly source: { readonly path: string; readonly formats: string };
    readonly output: { readonly path: string; readonly formats: string };
  },
  signal?: AbortSignal,
): Promise<ProofCheck[]> {
  const checks: ProofCheck[] = [];
  for (const [position, { source }] of files.plan.streams.entries()) {
    if (source.type !== "audio") continue;
    const [own] = await soundSeconds(tools, { ...files.source, streamIndexes: [source.index] }, signal);
    const [kept] = await soundSeconds(tools, { ...files.output, streamIndexes: [position] }, signal);
    const name = `decoded audio stream ${source.index}`;
    if (typeof own !== "number" || typeof kept !== "number") {
      const which = typeof own === "number" ? "the output's" : "the source's";
      checks.push({ name, ok: typeof own !== "number", detail: `not measured: ${which} cannot be decoded` });
      continue;
    }
    const ok = kept >= own - MOST_LOST_SECONDS && kept <= own + MOST_ADDED_SECONDS;
    checks.push({ name, ok, detail: `${kept.toFixed(3)} s where the source's gives ${own.toFixed(3)} s` });
  }
  return checks;
}
