// The check `picture`: decodes pictures of the finished output and compares them with those that the source gives
// through the same filters. It reports what it can't compare.
import type { Pts } from "../../../base/rational.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { ProofCheck } from "../../model/proof.ts";
import { chooseSamples, type PictureSample } from "./choose-samples.ts";
import { type ComparedSample, type ComparisonSetting, compareSamples, isWrong } from "./compare-samples.ts";
import { comparisonOf, matrixOf, type PicturesInput } from "./comparison.ts";
import { RANGE_NOTE, rangeChange } from "./range-change.ts";

export const PICTURE_CHECK = "picture";

/** An ffmpeg that lacks a decoder or filter can't prove anything against an output. */
function isUnseen({ judged }: ComparedSample): boolean {
  return (
    "side" in judged &&
    (judged.side === "source" || /decoder.*not found|no decoder|unknown decoder/i.test(judged.reason))
  );
}

/** Only samples near a key frame are reached by seeking: the others share one decode from the beginning. */
function isFar({ task, segment }: PictureSample): boolean {
  return task.seekPts === null && segment > 0;
}

/** Compares wrong samples again from the beginning, and keeps those that are then right. */
async function compareAgain(
  setting: ComparisonSetting,
  compared: readonly ComparedSample[],
): Promise<ComparedSample[]> {
  const samples = compared.filter(isWrong).map(({ sample }) => sample);
  if (samples.length === 0) return [...compared];
  const again = new Map((await compareSamples(setting, samples, true)).map((each) => [each.sample, each]));
  return compared.map((each) => again.get(each.sample) ?? each);
}

interface Judged {
  readonly compared: readonly ComparedSample[];
  readonly notes: readonly string[];
}

/**
 * A seek that misses is no fault of the output: only what is also wrong from the beginning is wrong. Where the source
 * states another range from some picture on, ffmpeg until 7.0 passes the samples on unchanged; since 7.1 it converts
 * them to the range of the first ones. Both match one run of ffmpeg over everything, if all of the output does the
 * same.
 */
async function judge(setting: ComparisonSetting, samples: readonly PictureSample[]): Promise<Judged> {
  const { tools, input, shown } = setting;
  const near = await compareSamples(
    setting,
    samples.filter((sample) => !isFar(sample)),
    false,
  );
  const far = await compareSamples(setting, samples.filter(isFar), true);
  const found = new Map([...far, ...(await compareAgain(setting, near))].map((each) => [each.sample, each]));
  const compared = samples.flatMap((sample) => found.get(sample) ?? []);
  if (!compared.some((each) => isWrong(each) && !isUnseen(each))) return { compared, notes: [] };
  const sourceRange = await rangeChange(tools, input);
  if (sourceRange === null) return { compared, notes: [] };
  const asFirst = await compareSamples({ ...setting, shown: { ...shown, sourceRange } }, samples, true);
  return asFirst.some(isWrong) ? { compared, notes: [] } : { compared: asFirst, notes: [RANGE_NOTE] };
}

/**
 * Where pictures change, filters behave differently in one run over everything; without filters the right picture is
 * known.
 */
async function whatChanges({ picture, request, findChange }: PicturesInput): Promise<string | null> {
  const isKnown = picture !== undefined && request.filters.length === 0 && request.video.size === null;
  return isKnown || findChange === undefined ? null : await findChange();
}

function describe(compared: readonly ComparedSample[], segments: number): string {
  const middles = compared.filter(({ sample }) => sample.kind === "middle").length;
  const without = middles < segments ? `; ${segments - middles} too short for a middle` : "";
  const judged = compared.flatMap((each) => ("side" in each.judged ? [] : each.judged));
  const worst = judged.reduce((least, each) => Math.min(least, each.psnr), Number.POSITIVE_INFINITY);
  const ssim = judged.reduce((least, each) => Math.min(least, each.ssim), 1);
  const how =
    worst === Number.POSITIVE_INFINITY ? "identical" : `PSNR ${worst.toFixed(1)} dB, SSIM ${ssim.toFixed(3)} or more`;
  return `${judged.length} pictures at ${compared.length} places of ${segments} segments are the source's: ${how}${without}`;
}

function problemOf({ sample, judged }: ComparedSample): string {
  const where = `segment ${sample.segment}, picture ${sample.position}`;
  if ("side" in judged) return `${where}: it can't be decoded from the ${judged.side}: ${judged.reason}`;
  const at = judged.findIndex(({ problems }) => problems.length > 0);
  return `segment ${sample.segment}, picture ${sample.position + at}: ${judged[at]?.problems.slice(0, 2).join("; ") ?? ""}`;
}

function noteScores({ scores }: PicturesInput, compared: readonly ComparedSample[]): void {
  for (const { sample, judged } of compared)
    if (!("side" in judged)) for (const [at, score] of judged.entries()) scores?.add(sample.position + at, score);
}

/** Errors: E_INTERRUPTED. */
export async function checkPictures(tools: Tools, input: PicturesInput): Promise<ProofCheck> {
  const { output, segments } = input;
  const comparison = comparisonOf(tools, input);
  if (typeof comparison === "string") return { name: PICTURE_CHECK, ok: true, detail: `not measured: ${comparison}` };
  input.kept?.compareAs({ shown: comparison.shown, matrix: matrixOf(output) });
  const isKey = (pts: Pts) => input.container !== null && output.keyPts.has(pts);
  const keys = output.videoPts.flatMap((pts, number) => (isKey(pts) ? [number] : []));
  const setting: ComparisonSetting = { tools, input, keys, ...comparison };
  const samples = chooseSamples({ ...input, keys });
  const { compared: judged, notes: rangeNotes } = await judge(setting, samples);
  noteScores(input, judged);
  const wrong = judged.filter(isWrong);
  // What a decoder conceals differs from run to run: there the source has no picture to hold the output against.
  const isDamaged = ({ sample }: ComparedSample) => segments[sample.segment]?.complaint !== null;
  const failed = wrong.filter((each) => !isDamaged(each) && !isUnseen(each));
  const notes = wrong.map((each) =>
    isUnseen(each)
      ? `not measured: ${problemOf(each)}`
      : `not measured in segment ${each.sample.segment}, which the decoder complains of`,
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
          ...rangeNotes,
          ...new Set(notes),
        ].join("; "),
      };
}

function more(count: number): string[] {
  return count > 0 ? [`and ${count} places more`] : [];
}
