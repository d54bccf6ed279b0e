// Both sides of some places, beside each other: each side out of one run of ffmpeg, as far as it can hold so many.
import { availableParallelism } from "node:os";
import type { Pts } from "../../../base/rational.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import { keyBefore, type Place } from "./choose-places.ts";
import { type Comparison, matrixOf, outputFile, type PicturesInput } from "./comparison.ts";
import { expectedQuality } from "./floors.ts";
import { type Judgement, judgePictures } from "./judge-picture.ts";
import { pairPictures, type Side } from "./paired-pictures.ts";
import { outputArgs, outputSeek, sourceArgs } from "./sample-args.ts";
import type { Strips } from "./strips.ts";

/** Inputs of one run of ffmpeg: each has a decoder, whose pictures are what memory goes to. */
const MOST_INPUTS = 12;
/** Where the source's side is there, as many decoders as both sides would have go to several runs of the output's side. */
const MOST_RUNS = 4;
/** Places below which a run of ffmpeg costs more to start than it saves. */
const FEWEST_IN_RUN = 3;
/** Places that share one decode: so many branches has its graph, which is one argument of a command line. */
const MOST_SHARED = 128;

export interface LookSetting extends Comparison {
  readonly tools: Tools;
  readonly input: PicturesInput;
  readonly keys: readonly number[];
}

export interface Looked {
  readonly place: Place;
  /** What was seen of each picture, or why nothing was. */
  readonly seen: readonly Judgement[] | { readonly side: Side; readonly reason: string };
}

export function isWrong({ seen }: Looked): boolean {
  return "side" in seen || seen.some(({ problems }) => problems.length > 0);
}

/** Where to seek in the output. A transport stream is sought by bytes, so from a key frame earlier. */
function seekOf({ input, keys, timeBase }: LookSetting, position: number): Pts | null {
  if (input.container === null) return null;
  const { videoPts } = input.output;
  const exact = keys.indexOf(keyBefore(keys, position));
  const key = input.container === "ts" ? exact - 1 : exact;
  const keyPts = videoPts[keys[key] ?? -1];
  if (key <= 0 || keyPts === undefined) return null;
  const formatName = input.container === "mkv" || input.container === "webm" ? "matroska,webm" : input.container;
  return outputSeek(formatName, timeBase, keyPts, videoPts[keys[key + 1] ?? -1] ?? null);
}

/** Gathers the pictures of one place after the other, and judges each place when it has them all. */
class Places {
  readonly #setting: LookSetting;
  readonly #left: Place[];
  readonly #fromBeginning: boolean;
  readonly looked: Looked[] = [];
  #source: Strips[] = [];
  #output: Strips[] = [];

  constructor(setting: LookSetting, places: readonly Place[], fromBeginning: boolean) {
    this.#setting = setting;
    this.#left = [...places];
    this.#fromBeginning = fromBeginning;
  }

  add(source: Strips, output: Strips): void {
    this.#source.push(source);
    this.#output.push(output);
    const [place] = this.#left;
    if (place === undefined || this.#source.length < place.frames) return;
    const { shown, input, mustBeEqual } = this.#setting;
    const run = { source: this.#source, output: this.#output, format: shown.format, width: shown.width };
    const seen = judgePictures({ ...run, quality: expectedQuality(input.request), mustBeEqual });
    this.looked.push({ place, seen });
    // From the beginning other pictures may come out, where a seek misses.
    if (!this.#fromBeginning) input.kept?.keep(sourceSide(this.#setting, [place]), this.#source);
    this.#left.shift();
    [this.#source, this.#output] = [[], []];
  }
}

/** Pictures before this one that the container's clock gives the same time. */
function sameTimeBefore(times: readonly Pts[], position: number): number {
  let before = position;
  while (before > 0 && times[before - 1] === times[position]) before--;
  return position - before;
}

/** ffmpeg's arguments for the source's side of some places. */
function sourceSide({ input, shown }: LookSetting, places: readonly Place[]): string[] {
  return sourceArgs(input.sourcePath, places, shown, matrixOf(input.output));
}

/** The pictures of all places, in their order, where they have been decoded before. */
function keptPictures(setting: LookSetting, places: readonly Place[]): readonly Strips[] | null {
  const { kept } = setting.input;
  const found = places.map((place) => kept?.get(sourceSide(setting, [place])));
  return found.every((each) => each !== undefined) ? found.flat() : null;
}

async function lookAtOnce(setting: LookSetting, places: readonly Place[], fromBeginning: boolean): Promise<Looked[]> {
  const { tools, input, shown, timeBase } = setting;
  const { output, signal } = input;
  const sources = places.map((place) => (fromBeginning ? { ...place, task: { ...place.task, seekPts: null } } : place));
  const outputs = places.map(({ position, frames }) => ({
    seekPts: fromBeginning ? null : seekOf(setting, position),
    startPts: output.videoPts[position] ?? 0,
    skip: sameTimeBefore(output.videoPts, position),
    frames,
  }));
  const sides = {
    source: (fromBeginning ? null : keptPictures(setting, places)) ?? sourceSide(setting, sources),
    output: outputArgs({ ...outputFile(input), timeBase }, outputs, shown),
  };
  const gathered = new Places(setting, places, fromBeginning);
  const take = (source: Strips, picture: Strips) => gathered.add(source, picture);
  const { counts, reasons } = await pairPictures(tools, sides, shown, take, signal);
  const wanted = places.reduce((sum, { frames }) => sum + frames, 0);
  const reasonOf = (side: Side) =>
    reasons[side] ?? (counts[side] === wanted ? null : `${counts[side]} pictures came out where ${wanted} should`);
  const [noSource, noOutput] = [reasonOf("source"), reasonOf("output")];
  if (noSource === null && noOutput === null) return gathered.looked;
  // Which place it is that can't be decoded the halves tell, at the price of a few decodes.
  const half = Math.ceil(places.length / 2);
  if (places.length > 1)
    return [
      ...(await lookAtOnce(setting, places.slice(0, half), fromBeginning)),
      ...(await lookAtOnce(setting, places.slice(half), fromBeginning)),
    ];
  const side = noOutput === null ? "source" : "output";
  return places.map((place) => ({ place, seen: { side, reason: noOutput ?? noSource ?? "" } }));
}

function parts<T>(values: readonly T[], most: number): T[][] {
  const size = Math.max(1, Math.ceil(values.length / Math.ceil(values.length / most)));
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) => values.slice(at * size, (at + 1) * size));
}

/** Places whose source's side is there: as many runs beside each other as there are cores for. */
async function lookBeside(setting: LookSetting, places: readonly Place[]): Promise<Looked[]> {
  const runs = Math.max(1, Math.min(availableParallelism(), MOST_RUNS));
  const most = Math.min(
    (2 * MOST_INPUTS) / runs,
    Math.max(FEWEST_IN_RUN, Math.ceil(places.length / runs)),
    MOST_INPUTS,
  );
  const waiting = parts(places, most);
  const looked: Looked[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      looked.push(...(await lookAtOnce(setting, next, false)));
  };
  await Promise.all(Array.from({ length: runs }, work));
  return looked;
}

/** In any order. `fromBeginning`: neither side is sought. Errors: E_INTERRUPTED. */
export async function look(setting: LookSetting, places: readonly Place[], fromBeginning: boolean): Promise<Looked[]> {
  const isKept = (place: Place) => !fromBeginning && keptPictures(setting, [place]) !== null;
  const looked = await lookBeside(setting, places.filter(isKept));
  const fresh = places.filter((place) => !isKept(place));
  const most = fromBeginning ? MOST_SHARED : MOST_INPUTS;
  for (let from = 0; from < fresh.length; from += most)
    looked.push(...(await lookAtOnce(setting, fresh.slice(from, from + most), fromBeginning)));
  return looked;
}
