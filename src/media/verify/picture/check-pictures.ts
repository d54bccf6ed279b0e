// The check `picture`: pictures of the finished output, decoded, beside those that the source gives through the same
// filters. What it can't look at it says.
import type { Pts } from "../../../base/rational.ts";
import type { Tools } from "../../tools.ts";
import type { ProofCheck } from "../../types.ts";
import { choosePlaces, keyBefore, type Place } from "./choose-places.ts";
import { type Comparison, comparisonOf, matrixOf, outputFile, type PicturesInput } from "./comparison.ts";
import { expectedQuality } from "./floors.ts";
import { type Judgement, judgePictures } from "./judge-picture.ts";
import { readPictures } from "./read-pictures.ts";
import { outputArgs, outputSeek, sourceArgs } from "./sample-args.ts";

export const PICTURE_CHECK = "picture";

/** Inputs of one run of ffmpeg: each has a decoder, whose pictures are what memory goes to. */
const MOST_AT_ONCE = 12;
/** Places that are looked at again, decoded from the beginning, before they are called wrong. */
const MOST_AGAIN = 4;

interface Setting extends Comparison {
  readonly tools: Tools;
  readonly input: PicturesInput;
  readonly keys: readonly number[];
}

interface Looked {
  readonly place: Place;
  /** What was seen of each picture, or why nothing was. */
  readonly seen: readonly Judgement[] | { readonly side: "source" | "output"; readonly reason: string };
}

function isWrong({ seen }: Looked): boolean {
  return "side" in seen || seen.some(({ problems }) => problems.length > 0);
}

/** Where to seek in the output. A transport stream is sought by bytes, so from a key frame earlier. */
function seekOf({ input, keys, timeBase }: Setting, position: number): Pts | null {
  if (input.container === null) return null;
  const { videoPts } = input.output;
  const exact = keys.indexOf(keyBefore(keys, position));
  const key = input.container === "ts" ? exact - 1 : exact;
  const keyPts = videoPts[keys[key] ?? -1];
  if (key <= 0 || keyPts === undefined) return null;
  const formatName = input.container === "mkv" || input.container === "webm" ? "matroska,webm" : input.container;
  return outputSeek(formatName, timeBase, keyPts, videoPts[keys[key + 1] ?? -1] ?? null);
}

/** Both sides of some places, each in one run of ffmpeg, beside each other. */
async function look(setting: Setting, places: readonly Place[], fromBeginning: boolean): Promise<Looked[]> {
  const { tools, input, shown, timeBase, mustBeEqual } = setting;
  const { sourcePath, output, request, signal } = input;
  const count = places.reduce((sum, { frames }) => sum + frames, 0);
  const sources = places.map((place) => (fromBeginning ? { ...place, task: { ...place.task, seekPts: null } } : place));
  const outputs = places.map(({ position, frames }) => ({
    seekPts: fromBeginning ? null : seekOf(setting, position),
    startPts: output.videoPts[position] ?? 0,
    frames,
  }));
  const file = { ...outputFile(input), timeBase };
  const [wanted, got] = await Promise.all([
    readPictures(tools, sourceArgs(sourcePath, sources, shown, matrixOf(output)), shown, count, signal),
    readPictures(tools, outputArgs(file, outputs, shown), shown, count, signal),
  ]);
  if (typeof wanted === "string" || typeof got === "string") {
    if (places.length > 1) return await eachAlone(setting, places, fromBeginning);
    const side = typeof got === "string" ? "output" : "source";
    const reason = typeof got === "string" ? got : String(wanted);
    return places.map((place) => ({ place, seen: { side, reason } }));
  }
  let from = 0;
  return places.map((place) => {
    const to = from + place.frames;
    const run = { source: wanted.slice(from, to), output: got.slice(from, to), format: shown.format };
    from = to;
    const seen = judgePictures({ ...run, width: shown.width, quality: expectedQuality(request), mustBeEqual });
    return { place, seen };
  });
}

async function eachAlone(setting: Setting, places: readonly Place[], fromBeginning: boolean): Promise<Looked[]> {
  const looked: Looked[] = [];
  for (const place of places) looked.push(...(await look(setting, [place], fromBeginning)));
  return looked;
}

/** Nothing is said against an output by an ffmpeg that lacks what the source, a filter or the output needs. */
function isUnseen({ seen }: Looked): boolean {
  return (
    "side" in seen && (seen.side === "source" || /decoder.*not found|no decoder|unknown decoder/i.test(seen.reason))
  );
}

/** A seek that misses is no fault of the output: only what is wrong from the beginning too is wrong. */
async function lookAgain(setting: Setting, looked: readonly Looked[]): Promise<Looked[]> {
  const again: Looked[] = [];
  let left = MOST_AGAIN;
  for (const each of looked) {
    if (!isWrong(each) || left === 0) again.push(each);
    else {
      left -= 1;
      again.push(...(await look(setting, [each.place], true)));
    }
  }
  return again;
}

/** Where pictures change, filters do other things in one run over all; without any, what each must be like is known. */
async function whatChanges({ picture, request, findChange }: PicturesInput): Promise<string | null> {
  const isKnown = picture !== undefined && request.filters.length === 0 && request.video.size === null;
  return isKnown || findChange === undefined ? null : await findChange();
}

function describe(looked: readonly Looked[], segments: number): string {
  const middles = looked.filter(({ place }) => place.kind === "middle").length;
  const without = middles < segments ? `; ${segments - middles} too short for a middle` : "";
  const seen = looked.flatMap((each) => ("side" in each.seen ? [] : each.seen));
  const worst = seen.reduce((least, each) => Math.min(least, each.psnr), Number.POSITIVE_INFINITY);
  const ssim = seen.reduce((least, each) => Math.min(least, each.ssim), 1);
  const how =
    worst === Number.POSITIVE_INFINITY ? "identical" : `PSNR ${worst.toFixed(1)} dB, SSIM ${ssim.toFixed(3)} or more`;
  return `${seen.length} pictures at ${looked.length} places of ${segments} segments are the source's: ${how}${without}`;
}

function problemOf({ place, seen }: Looked): string {
  const where = `segment ${place.segment}, picture ${place.position}`;
  if ("side" in seen) return `${where}: it can't be decoded from the ${seen.side}: ${seen.reason}`;
  const at = seen.findIndex(({ problems }) => problems.length > 0);
  return `segment ${place.segment}, picture ${place.position + at}: ${seen[at]?.problems.slice(0, 2).join("; ") ?? ""}`;
}

/** Errors: E_INTERRUPTED. */
export async function checkPictures(tools: Tools, input: PicturesInput): Promise<ProofCheck> {
  const { output, segments } = input;
  const comparison = comparisonOf(input);
  if (typeof comparison === "string") return { name: PICTURE_CHECK, ok: true, detail: `not measured: ${comparison}` };
  const isKey = (pts: Pts) => input.container !== null && output.keyPts.has(pts);
  const keys = output.videoPts.flatMap((pts, number) => (isKey(pts) ? [number] : []));
  const setting: Setting = { tools, input, keys, ...comparison };
  const places = choosePlaces({ ...input, keys });
  const looked: Looked[] = [];
  for (let from = 0; from < places.length; from += MOST_AT_ONCE)
    looked.push(...(await look(setting, places.slice(from, from + MOST_AT_ONCE), false)));
  const judged = await lookAgain(setting, looked);
  const wrong = judged.filter(isWrong);
  // What a decoder conceals differs from run to run: there the source has no picture to hold the output against.
  const isDamaged = ({ place }: Looked) => segments[place.segment]?.complaint !== null;
  const failed = wrong.filter((each) => !isDamaged(each) && !isUnseen(each));
  const notes = wrong.map((each) =>
    isUnseen(each)
      ? `not measured: ${problemOf(each)}`
      : `not measured in segment ${each.place.segment}, which the decoder complains of`,
  );
  const change = failed.length > 0 ? await whatChanges(input) : null;
  if (change !== null)
    return { name: PICTURE_CHECK, ok: true, detail: `not measured: the source's pictures change from ${change}` };
  return failed.length > 0
    ? {
        name: PICTURE_CHECK,
        ok: false,
        detail: [...failed.slice(0, 3).map(problemOf), ...more(failed.length - 3)].join("; "),
      }
    : {
        name: PICTURE_CHECK,
        ok: true,
        detail: [
          describe(
            judged.filter((each) => !isWrong(each)),
            segments.length,
          ),
          ...new Set(notes),
        ].join("; "),
      };
}

function more(count: number): string[] {
  return count > 0 ? [`and ${count} places more`] : [];
}
