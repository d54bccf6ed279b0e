// One plain run of ffmpeg with the options of a job, made so that its output can be held against the job's: the same
// streams in the same order, each picture at its own time. Uses no code of the product.
import { resolve } from "node:path";
import { type StreamFacts, streamsOf } from "./reading.ts";
import { type Ran, runTool, type Tools } from "./tools.ts";

/** What the job kept of the source, in the order of its output. */
export interface Kept {
  readonly video: number;
  /** Streams of the source, by their numbers there. */
  readonly audio: readonly number[];
  readonly subtitles: readonly number[];
}

export interface PlainJob {
  readonly source: string;
  /** As `--ffmpeg-params`, words split. */
  readonly params: readonly string[];
  readonly output: string;
  /** Null: streams as ffmpeg picks them by itself. */
  readonly kept: Kept | null;
  /** Codecs of the job's own audio and subtitle tracks where the request names none, in the order of its output. */
  readonly codecs: { readonly audio: readonly string[]; readonly subtitles: readonly string[] };
  /** Before the input: another number of threads. */
  readonly inputArgs?: readonly string[];
  /** What ffprobe says of the source, where it was asked before. */
  readonly streams?: readonly StreamFacts[];
}

/** Encoders by the codecs that they make, where the names differ. */
const ENCODERS: Readonly<Record<string, string>> = {
  opus: "libopus",
  vorbis: "libvorbis",
  mp3: "libmp3lame",
  subrip: "srt",
};

function named(params: readonly string[], letter: "a" | "s"): boolean {
  return params.some((word) => new RegExp(`^-(c|codec):${letter}|^-${letter}n$|^-${letter}codec$`).test(word));
}

/** A track of the job that has the source's codec was copied, so plain ffmpeg copies it too. */
function codecArgs(
  letter: "a" | "s",
  kept: readonly number[],
  made: readonly string[],
  source: ReadonlyMap<number, string>,
): string[] {
  return kept.flatMap((index, number) => {
    const codec = made[number] ?? "copy";
    return [`-c:${letter}:${number}`, source.get(index) === codec ? "copy" : (ENCODERS[codec] ?? codec)];
  });
}

/** Filters that put a picture halfway between two: on a tick of the source every other one would be rounded. */
const MAKES_FIELDS = /\byadif=(mode=)?(1|3|send_field)|\bbwdif\b(?!=(mode=)?(0|2|send_frame))|\bw3fdif\b/;

/** Filters that put pictures where the source has none: ffmpeg's own tick there is that of their rate. */
const MAKES_TIMES = /\b(fps|framerate|minterpolate)(=|,|$)/;

/** Of a source whose ticks are coarse (AVI's are a picture long) times of a rate of its own would be rounded to them. */
function isAtARateOfItsOwn(params: readonly string[]): boolean {
  return params.some(
    (word, at) => /^-(vf|filter:v)$/.test(params[at - 1] ?? "") && MAKES_TIMES.test(word) && !/\bsetpts\b/.test(word),
  );
}

/** Each picture at its own time, or at the rate asked for. `timeBase` is the source's: "1/12". */
export function timesOf(
  { ownTimes }: Pick<Tools, "ownTimes">,
  params: readonly string[],
  timeBase: string,
): readonly string[] {
  if (params.some((word) => word === "-r" || word === "-r:v")) return ["-fps_mode", "cfr"];
  if (isAtARateOfItsOwn(params)) return ["-fps_mode", "passthrough"];
  const [ticks, second] = timeBase.split("/").map(Number);
  if (!params.some((word) => MAKES_FIELDS.test(word)) || !ticks || !second) return ownTimes;
  return ["-fps_mode", "passthrough", "-enc_time_base:v", `${ticks}/${2 * second}`];
}

function plainArgs(
  tools: Tools,
  job: PlainJob,
  streams: readonly StreamFacts[],
  times: readonly string[],
): readonly string[] {
  const { kept, params, codecs, inputArgs = [] } = job;
  const source = new Map(streams.map(({ index, codec }) => [index, codec]));
  const hasMaps = params.includes("-map");
  const indexes = kept === null || hasMaps ? [] : [kept.video, ...kept.audio, ...kept.subtitles];
  return [
    ...[tools.ffmpeg, "-nostdin", "-v", "error", "-y", ...inputArgs, "-i", `file:${resolve(job.source)}`],
    ...indexes.flatMap((index) => ["-map", `0:${index}`]),
    ...(kept === null || named(params, "a") ? [] : codecArgs("a", kept.audio, codecs.audio, source)),
    ...(kept === null || named(params, "s") ? [] : codecArgs("s", kept.subtitles, codecs.subtitles, source)),
    ...times,
    ...["-max_muxing_queue_size", "9999", ...params, `file:${resolve(job.output)}`],
  ];
}

/** Behind filters that draw pictures of their own (tmix) versions since 7.0 no longer know the source's tick: it is named. */
async function runPlainly(
  tools: Tools,
  job: PlainJob,
  streams: readonly StreamFacts[],
  times: readonly string[],
  timeBase: string,
): Promise<Ran> {
  const ran = await runTool(plainArgs(tools, job, streams, times));
  if (ran.exitCode === 0 || !/Demuxing timebase not available/.test(ran.stderr)) return ran;
  return await runTool(plainArgs(tools, job, streams, ["-fps_mode", "passthrough", "-enc_time_base:v", timeBase]));
}

/**
 * The plain run. MPEG-1, MPEG-2 and MPEG-4 part 2 refuse fine ticks: then the encoder has the rate's own, as ffmpeg
 * gives it by itself. Errors: the source can't be read.
 */
export async function runPlain(tools: Tools, job: PlainJob): Promise<Ran> {
  const streams = job.streams ?? (await streamsOf(tools, job.source)).streams;
  const video = streams.find(({ index, type }) => type === "video" && index === (job.kept?.video ?? index));
  const timeBase = video?.timeBase ?? "";
  const ran = await runPlainly(tools, job, streams, timesOf(tools, job.params, timeBase), timeBase);
  if (ran.exitCode === 0 || !/time ?base|frame ?rate|fps/i.test(ran.stderr)) return ran;
  return await runTool(plainArgs(tools, job, streams, ["-fps_mode", "passthrough"]));
}
