// `--verify full`: decodes the source and the finished output once from beginning to end, in parallel, and compares
// every picture with its own and with its neighbours. Streams: holds a few pictures of each side.

import type { Tools } from "../../ffmpeg/tools.ts";
import type { ProofCheck } from "../../model/proof.ts";
import { planSegment } from "../../segment/segment-task.ts";
import { burnInPaths } from "../../subtitles/burn-in-files.ts";
import { type Comparison, comparisonOf, matrixOf, outputFile, type PicturesInput } from "./comparison.ts";
import { type Judgement, judgePicture, type PictureRun } from "./judge-picture.ts";
import type { Strips } from "./measure/strips.ts";
import { expectedQuality } from "./measure/thresholds.ts";
import { pairPictures } from "./paired-pictures.ts";
import { RANGE_NOTE, rangeChange } from "./range-change.ts";
import { wholeOutputArgs, wholeSourceArgs } from "./sample-args.ts";

export const EVERY_PICTURE_CHECK = "every picture";

/** Judges each pair once the next one is there, since a picture may be its neighbour. */
class Judge {
  readonly #run: Omit<PictureRun, "source" | "output">;
  readonly #judged: (judgement: Judgement) => void;
  #pairs: { readonly source: Strips; readonly output: Strips }[] = [];
  #next = 0;

  constructor(run: Omit<PictureRun, "source" | "output">, judged: (judgement: Judgement) => void) {
    this.#run = run;
    this.#judged = judged;
  }

  add(source: Strips, output: Strips): void {
    this.#pairs.push({ source, output });
    if (this.#pairs.length > this.#next + 1) this.#judgeNext();
  }

  end(): void {
    if (this.#pairs.length > this.#next) this.#judgeNext();
  }

  #judgeNext(): void {
    const source = this.#pairs.map((pair) => pair.source);
    const output = this.#pairs.map((pair) => pair.output);
    this.#judged(judgePicture({ ...this.#run, source, output }, this.#next));
    if (this.#pairs.length === 3) this.#pairs = this.#pairs.slice(1);
    else this.#next += 1;
  }
}

/** The segment that a picture belongs to. */
function segmentOf({ segments }: PicturesInput, position: number): number {
  let end = 0;
  return segments.findIndex(({ frames }) => {
    end += frames;
    return position < end;
  });
}

/** Where the range changes, as in `picture`: it is also right if all samples are unchanged. Errors: E_INTERRUPTED. */
export async function checkEveryPicture(tools: Tools, input: PicturesInput): Promise<ProofCheck> {
  const name = EVERY_PICTURE_CHECK;
  const comparison = comparisonOf(tools, input);
  if (typeof comparison === "string") return { name, ok: true, detail: `not measured: ${comparison}` };
  const check = await compareAll(tools, input, comparison);
  const sourceRange = check.ok ? null : await rangeChange(tools, input);
  if (sourceRange === null) return check;
  const asFirst = await compareAll(tools, input, { ...comparison, shown: { ...comparison.shown, sourceRange } });
  return asFirst.ok ? { ...asFirst, detail: `${asFirst.detail ?? ""}; ${RANGE_NOTE}` } : check;
}

async function compareAll(tools: Tools, input: PicturesInput, comparison: Comparison): Promise<ProofCheck> {
  const { request, sourcePath, output, segments, signal } = input;
  const { shown, mustBeEqual, mayStray } = comparison;
  const task = planSegment(input, request, { startPts: null, endPts: null }, 0);
  const wrong: { readonly position: number; readonly problem: string }[] = [];
  const worst = { psnr: Number.POSITIVE_INFINITY, ssim: 1 };
  let seen = 0;
  let unclear = 0;
  const quality = expectedQuality(request);
  const how = { format: shown.format, width: shown.width, quality, mustBeEqual, mayStray };
  const judge = new Judge(how, ({ problems, psnr, ssim }) => {
    const position = seen;
    seen += 1;
    const [problem] = problems;
    // What a decoder conceals differs from run to run.
    if (problem !== undefined && segments[segmentOf(input, position)]?.complaint !== null) unclear += 1;
    else if (problem !== undefined) wrong.push({ position, problem });
    worst.psnr = Math.min(worst.psnr, psnr);
    worst.ssim = Math.min(worst.ssim, ssim);
    input.scores?.add(position, { psnr, ssim });
  });
  const sides = {
    source: { args: wholeSourceArgs(sourcePath, task, shown, matrixOf(output)), sideFiles: burnInPaths(request) },
    output: { args: wholeOutputArgs(outputFile(input), shown), sideFiles: [] },
  };
  const { counts, reasons } = await pairPictures(tools, sides, shown, (own, other) => judge.add(own, other), signal);
  judge.end();
  const [first] = wrong;
  const problems = [
    ...(reasons.source === null ? [] : [`decoding the source: ${reasons.source}`]),
    ...(reasons.output === null ? [] : [`decoding the output: ${reasons.output}`]),
    ...(counts.source === counts.output
      ? []
      : [`${counts.output} pictures in the output, ${counts.source} in the source`]),
    ...(first === undefined
      ? []
      : [`${wrong.length} pictures are not the source's, the first is picture ${first.position}: ${first.problem}`]),
  ];
  const fit =
    worst.psnr === Number.POSITIVE_INFINITY
      ? "identical"
      : `PSNR ${worst.psnr.toFixed(1)} dB, SSIM ${worst.ssim.toFixed(3)} or more`;
  const note = unclear === 0 ? "" : `; not measured at ${unclear} pictures of segments that the decoder complains of`;
  return {
    name: EVERY_PICTURE_CHECK,
    ok: problems.length === 0,
    detail: problems.join("; ") || `all ${seen} pictures are the source's: ${fit}${note}`,
  };
}
