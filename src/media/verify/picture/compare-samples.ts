// Compares samples of the output with the source's: each side from one run of ffmpeg, as far as it can hold so many.
import { availableParallelism } from "node:os";
import type { Pts } from "../../../base/rational.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import { burnInPaths } from "../../subtitles/burn-in-files.ts";
import { keyBefore, type PictureSample } from "./choose-samples.ts";
import type { ComparedForm } from "./compared-form.ts";
import { type Comparison, matrixOf, outputFile, type PicturesInput } from "./comparison.ts";
import { type Judgement, judgePictures } from "./judge-picture.ts";
import type { Strips } from "./measure/strips.ts";
import { expectedQuality } from "./measure/thresholds.ts";
import { pairPictures, type Side } from "./paired-pictures.ts";
import { outputArgs, outputSeek, sourceArgs } from "./sample-args.ts";

/** Inputs of one run of ffmpeg: each has a decoder, whose pictures take most of the memory. */
const MOST_INPUTS = 12;
/** When the source's side is already decoded, several runs of the output's side share the decoders of both. */
const MOST_RUNS = 4;
/** With fewer samples a further run of ffmpeg costs more to start (up to 80 ms of a core) than it saves. */
const FEWEST_IN_RUN = 3;
/** Pictures of this size and smaller ones are decoded so fast that a further run is only started when one is full. */
const SMALL_PICTURE = 640 * 360;
/** Samples that share one decode: the graph has so many branches, and is one argument of a command line. */
const MOST_SHARED = 128;

export interface ComparisonSetting extends Comparison {
  readonly tools: Tools;
  readonly input: PicturesInput;
  readonly keys: readonly number[];
}

export interface ComparedSample {
  readonly sample: PictureSample;
  /** What the comparison found for each picture, or why nothing was. */
  readonly judged: readonly Judgement[] | { readonly side: Side; readonly reason: string };
}

export function isWrong({ judged }: ComparedSample): boolean {
  return "side" in judged || judged.some(({ problems }) => problems.length > 0);
}

/** Where to seek in the output. A transport stream is sought by bytes, so one key frame earlier. */
export function seekOf(
  { input, keys, timeBase }: Pick<ComparisonSetting, "input" | "keys" | "timeBase">,
  position: number,
): Pts | null {
  if (input.container === null) return null;
  const { videoPts } = input.output;
  const exact = keys.indexOf(keyBefore(keys, position));
  const key = input.container === "ts" ? exact - 1 : exact;
  const keyPts = videoPts[keys[key] ?? -1];
  if (key <= 0 || keyPts === undefined) return null;
  const formatName = input.container === "mkv" || input.container === "webm" ? "matroska,webm" : input.container;
  return outputSeek(formatName, timeBase, keyPts, videoPts[keys[key + 1] ?? -1] ?? null);
}

/** Collects the pictures of one sample after another, and judges each sample once it is complete. */
class SampleCollector {
  readonly #setting: ComparisonSetting;
  readonly #left: PictureSample[];
  readonly #fromBeginning: boolean;
  readonly compared: ComparedSample[] = [];
  #source: Strips[] = [];
  #output: Strips[] = [];

  constructor(setting: ComparisonSetting, samples: readonly PictureSample[], fromBeginning: boolean) {
    this.#setting = setting;
    this.#left = [...samples];
    this.#fromBeginning = fromBeginning;
  }

  add(source: Strips, output: Strips): void {
    this.#source.push(source);
    this.#output.push(output);
    const [sample] = this.#left;
    if (sample === undefined || this.#source.length < sample.frames) return;
    const { shown, input, mustBeEqual, mayStray } = this.#setting;
    const run = { source: this.#source, output: this.#output, format: shown.format, width: shown.width };
    const judged = judgePictures({ ...run, quality: expectedQuality(input.request), mustBeEqual, mayStray });
    this.compared.push({ sample, judged });
    // Decoding from the beginning may give other pictures where a seek misses.
    if (!this.#fromBeginning) input.kept?.keep(sourceSide(this.#setting, [sample]), this.#source);
    this.#left.shift();
    [this.#source, this.#output] = [[], []];
  }
}

/** Number of pictures before this one with the same time on the container's clock. */
export function sameTimeBefore(times: readonly Pts[], position: number): number {
  let before = position;
  while (before > 0 && times[before - 1] === times[position]) before--;
  return position - before;
}

/** ffmpeg's arguments for the source's side of some samples. */
function sourceSide({ input, shown }: ComparisonSetting, samples: readonly PictureSample[]): string[] {
  return sourceArgs(input.sourcePath, samples, shown, matrixOf(input.output));
}

/** The pictures of all samples in order, if they were decoded before. */
function keptPictures(setting: ComparisonSetting, samples: readonly PictureSample[]): readonly Strips[] | null {
  const { kept } = setting.input;
  const found = samples.map((sample) => kept?.get(sourceSide(setting, [sample])));
  return found.every((each) => each !== undefined) ? found.flat() : null;
}

async function compareInOneRun(
  setting: ComparisonSetting,
  samples: readonly PictureSample[],
  fromBeginning: boolean,
): Promise<ComparedSample[]> {
  const { tools, input, shown, timeBase } = setting;
  const { output, signal } = input;
  const sources = samples.map((sample) =>
    fromBeginning ? { ...sample, task: { ...sample.task, seekPts: null } } : sample,
  );
  const outputs = samples.map(({ position, frames }) => ({
    seekPts: fromBeginning ? null : seekOf(setting, position),
    startPts: output.videoPts[position] ?? 0,
    skip: sameTimeBefore(output.videoPts, position),
    frames,
  }));
  const sides = {
    source: (fromBeginning ? null : keptPictures(setting, samples)) ?? {
      args: sourceSide(setting, sources),
      sideFiles: burnInPaths(input.request),
    },
    output: { args: outputArgs({ ...outputFile(input), timeBase }, outputs, shown), sideFiles: [] },
  };
  const gathered = new SampleCollector(setting, samples, fromBeginning);
  const take = (source: Strips, picture: Strips) => gathered.add(source, picture);
  const { counts, reasons } = await pairPictures(tools, sides, shown, take, signal);
  const wanted = samples.reduce((sum, { frames }) => sum + frames, 0);
  const reasonOf = (side: Side) =>
    reasons[side] ?? (counts[side] === wanted ? null : `${counts[side]} pictures came out where ${wanted} should`);
  const [noSource, noOutput] = [reasonOf("source"), reasonOf("output")];
  if (noSource === null && noOutput === null) return gathered.compared;
  // Halving finds the sample that can't be decoded, for a few more decodes.
  const half = Math.ceil(samples.length / 2);
  if (samples.length > 1)
    return [
      ...(await compareInOneRun(setting, samples.slice(0, half), fromBeginning)),
      ...(await compareInOneRun(setting, samples.slice(half), fromBeginning)),
    ];
  const side = noOutput === null ? "source" : "output";
  return samples.map((sample) => ({ sample, judged: { side, reason: noOutput ?? noSource ?? "" } }));
}

function parts<T>(values: readonly T[], most: number): T[][] {
  const size = Math.max(1, Math.ceil(values.length / Math.ceil(values.length / most)));
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) => values.slice(at * size, (at + 1) * size));
}

/** Samples of one run; `runs` of them work in parallel and share `2 * MOST_INPUTS` decoders. */
export function samplesInRun(samples: number, runs: number, { width, height }: Pick<ComparedForm, "width" | "height">) {
  const fewest = width * height <= SMALL_PICTURE ? MOST_INPUTS : FEWEST_IN_RUN;
  return Math.min((2 * MOST_INPUTS) / runs, Math.max(fewest, Math.ceil(samples / runs)), MOST_INPUTS);
}

/** For samples whose source pictures exist: as many runs in parallel as there are cores. */
async function compareInParallel(
  setting: ComparisonSetting,
  samples: readonly PictureSample[],
): Promise<ComparedSample[]> {
  const runs = Math.max(1, Math.min(availableParallelism(), MOST_RUNS));
  const most = samplesInRun(samples.length, runs, setting.shown);
  const waiting = parts(samples, most);
  const compared: ComparedSample[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      compared.push(...(await compareInOneRun(setting, next, false)));
  };
  await Promise.all(Array.from({ length: runs }, work));
  return compared;
}

/** In any order. `fromBeginning`: neither side seeks. Errors: E_INTERRUPTED. */
export async function compareSamples(
  setting: ComparisonSetting,
  samples: readonly PictureSample[],
  fromBeginning: boolean,
): Promise<ComparedSample[]> {
  const isKept = (sample: PictureSample) => !fromBeginning && keptPictures(setting, [sample]) !== null;
  const compared = await compareInParallel(setting, samples.filter(isKept));
  const fresh = samples.filter((sample) => !isKept(sample));
  const most = fromBeginning ? MOST_SHARED : MOST_INPUTS;
  for (let from = 0; from < fresh.length; from += most)
    compared.push(...(await compareInOneRun(setting, fresh.slice(from, from + most), fromBeginning)));
  return compared;
}
