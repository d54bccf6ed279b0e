// The check `picture`: pictures of the finished output, decoded, beside those that the source gives through the same
// filters. What it can't look at it says.
import type { Pts } from "../../../base/rational.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { ProofCheck } from "../../model/proof.ts";
import { choosePlaces, type Place } from "./choose-places.ts";
import { comparisonOf, matrixOf, type PicturesInput } from "./comparison.ts";
import { isWrong, type Looked, type LookSetting, look } from "./look-at-places.ts";
import { RANGE_NOTE, rangeChange } from "./range-change.ts";

export const PICTURE_CHECK = "picture";

/** Nothing is said against an output by an ffmpeg that lacks what the source, a filter or the output needs. */
function isUnseen({ seen }: Looked): boolean {
  return (
    "side" in seen && (seen.side === "source" || /decoder.*not found|no decoder|unknown decoder/i.test(seen.reason))
  );
}

/** Only those that are near a key frame are sought: the others share one decode from the beginning. */
function isFar({ task, segment }: Place): boolean {
  return task.seekPts === null && segment > 0;
}

/** Looks once more at what is wrong, and keeps what is right then. */
async function lookAgain(setting: LookSetting, looked: readonly Looked[]): Promise<Looked[]> {
  const places = looked.filter(isWrong).map(({ place }) => place);
  if (places.length === 0) return [...looked];
  const again = new Map((await look(setting, places, true)).map((each) => [each.place, each]));
  return looked.map((each) => again.get(each.place) ?? each);
}

interface Judged {
  readonly looked: readonly Looked[];
  readonly notes: readonly string[];
}

/**
 * A seek that misses is no fault of the output: only what is wrong from the beginning too is wrong. Where the source says
 * another range from some picture on, ffmpeg until 7.0 passes the samples on as they are; since 7.1 it makes them what the
 * first ones were. Either is one run of ffmpeg over everything, if all of the output is so.
 */
async function judge(setting: LookSetting, places: readonly Place[]): Promise<Judged> {
  const { tools, input, shown } = setting;
  const near = await look(
    setting,
    places.filter((place) => !isFar(place)),
    false,
  );
  const far = await look(setting, places.filter(isFar), true);
  const found = new Map([...far, ...(await lookAgain(setting, near))].map((each) => [each.place, each]));
  const looked = places.flatMap((place) => found.get(place) ?? []);
  if (!looked.some((each) => isWrong(each) && !isUnseen(each))) return { looked, notes: [] };
  const sourceRange = await rangeChange(tools, input);
  if (sourceRange === null) return { looked, notes: [] };
  const asFirst = await look({ ...setting, shown: { ...shown, sourceRange } }, places, true);
  return asFirst.some(isWrong) ? { looked, notes: [] } : { looked: asFirst, notes: [RANGE_NOTE] };
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
  const comparison = comparisonOf(tools, input);
  if (typeof comparison === "string") return { name: PICTURE_CHECK, ok: true, detail: `not measured: ${comparison}` };
  input.kept?.compareAs({ shown: comparison.shown, matrix: matrixOf(output) });
  const isKey = (pts: Pts) => input.container !== null && output.keyPts.has(pts);
  const keys = output.videoPts.flatMap((pts, number) => (isKey(pts) ? [number] : []));
  const setting: LookSetting = { tools, input, keys, ...comparison };
  const places = choosePlaces({ ...input, keys });
  const { looked: judged, notes: told } = await judge(setting, places);
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
          ...told,
          ...new Set(notes),
        ].join("; "),
      };
}

function more(count: number): string[] {
  return count > 0 ? [`and ${count} places more`] : [];
}
