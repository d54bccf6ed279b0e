// Both sides of some places, beside each other: each side out of one run of ffmpeg, as far as it can hold so many.
import type { Pts } from "../../../base/rational.ts";
import type { Tools } from "../../tools.ts";
import { keyBefore, type Place } from "./choose-places.ts";
import { type Comparison, matrixOf, outputFile, type PicturesInput } from "./comparison.ts";
import { expectedQuality } from "./floors.ts";
import { type Judgement, judgePictures } from "./judge-picture.ts";
import { pairPictures, type Side } from "./paired-pictures.ts";
import { outputArgs, outputSeek, sourceArgs } from "./sample-args.ts";
import type { Strips } from "./strips.ts";

/** Inputs of one run of ffmpeg: each has a decoder, whose pictures are what memory goes to. */
const MOST_INPUTS = 12;
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
  readonly looked: Looked[] = [];
  #source: Strips[] = [];
  #output: Strips[] = [];

  constructor(setting: LookSetting, places: readonly Place[]) {
    this.#setting = setting;
    this.#left = [...places];
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

async function lookAtOnce(setting: LookSetting, places: readonly Place[], fromBeginning: boolean): Promise<Looked[]> {
  const { tools, input, shown, timeBase } = setting;
  const { sourcePath, output, signal } = input;
  const sources = places.map((place) => (fromBeginning ? { ...place, task: { ...place.task, seekPts: null } } : place));
  const outputs = places.map(({ position, frames }) => ({
    seekPts: fromBeginning ? null : seekOf(setting, position),
    startPts: output.videoPts[position] ?? 0,
    skip: sameTimeBefore(output.videoPts, position),
    frames,
  }));
  const args = {
    source: sourceArgs(sourcePath, sources, shown, matrixOf(output)),
    output: outputArgs({ ...outputFile(input), timeBase }, outputs, shown),
  };
  const gathered = new Places(setting, places);
  const take = (source: Strips, picture: Strips) => gathered.add(source, picture);
  const { counts, reasons } = await pairPictures(tools, args, shown, take, signal);
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

/** In the order of the places, which rises. `fromBeginning`: neither side is sought. Errors: E_INTERRUPTED. */
export async function look(setting: LookSetting, places: readonly Place[], fromBeginning: boolean): Promise<Looked[]> {
  const looked: Looked[] = [];
  const most = fromBeginning ? MOST_SHARED : MOST_INPUTS;
  for (let from = 0; from < places.length; from += most)
    looked.push(...(await lookAtOnce(setting, places.slice(from, from + most), fromBeginning)));
  return looked;
}
