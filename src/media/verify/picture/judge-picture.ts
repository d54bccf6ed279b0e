// Judges whether a picture of the output is the source's, as far as its encoder's quality allows. Pure.
import { type Alternative, alternativesOf, neighbourInstead, thinned } from "./alternatives.ts";
import { type ColourFit, fitColours } from "./measure/colour-fit.ts";
import { levels, measurePlane, type PlaneMeasures, psnr } from "./measure/measure-plane.ts";
import type { RawFormat } from "./measure/raw-format.ts";
import type { StripPlane, Strips } from "./measure/strips.ts";
import { leastApartFor, mostColourChange, type Quality, type Thresholds, thresholdsOf } from "./measure/thresholds.ts";

export interface Judgement {
  /** Why it is not the source's picture; empty: it is. */
  readonly problems: readonly string[];
  /** Of the worst plane: dB, Infinity where every plane is identical; and SSIM. */
  readonly psnr: number;
  readonly ssim: number;
}

export interface PictureRun {
  /** The expected consecutive pictures. */
  readonly source: readonly Strips[];
  /** The actual pictures, as many. */
  readonly output: readonly Strips[];
  readonly format: RawFormat;
  /** Of the whole picture. */
  readonly width: number;
  readonly quality: Quality;
  /** The encode is lossless and nothing converts the samples: they must be identical. */
  readonly mustBeEqual: boolean;
  /** But for strays (`areStrays`). */
  readonly mayStray?: boolean;
}

/** Squared levels of rounding, which keep still and identical pictures decidable. */
const ROUNDING = 0.5;

function planeProblems(name: string, measured: PlaneMeasures, fit: ColourFit, thresholds: Thresholds): string[] {
  const problems: string[] = [];
  const { explained, unexplained, detail } = fit;
  const most = mostColourChange(thresholds, fit);
  if (explained > most) {
    const means = `mean ${measured.meanOutput.toFixed(1)} for ${measured.meanSource.toFixed(1)}`;
    const spreads = `spread ${measured.spreadOutput.toFixed(1)} for ${measured.spreadSource.toFixed(1)}`;
    problems.push(
      `its levels or colours are changed as a whole: ${name} by ${explained.toFixed(1)} (at most ${most.toFixed(1)}; ${means}, ${spreads})`,
    );
  }
  const apart = Math.hypot(explained, unexplained);
  if (apart > thresholds.fit + thresholds.fitPart * detail)
    problems.push(`it is another picture: ${name} differs by ${apart.toFixed(1)} of ${detail.toFixed(1)} levels`);
  const mostError = thresholds.error + thresholds.errorPart * measured.spreadSource ** 2;
  if (measured.error > mostError)
    problems.push(`PSNR of ${name} is ${psnr(measured.error).toFixed(1)} dB, below ${psnr(mostError).toFixed(1)}`);
  if (measured.ssim < thresholds.ssim)
    problems.push(`SSIM of ${name} is ${measured.ssim.toFixed(2)}, below ${thresholds.ssim}`);
  return problems;
}

function fitting(alternatives: readonly Alternative[], most: number): Alternative | null {
  let best: { readonly each: Alternative; readonly part: number } | null = null;
  for (const each of alternatives) {
    const part = (each.other + ROUNDING) / (each.own + ROUNDING);
    if (part <= most && (best === null || part < best.part)) best = { each, part };
  }
  return best?.each ?? null;
}

function areEqual(a: StripPlane, b: StripPlane): boolean {
  return Buffer.from(a.samples.buffer, a.samples.byteOffset, a.samples.byteLength).equals(
    Buffer.from(b.samples.buffer, b.samples.byteOffset, b.samples.byteLength),
  );
}

/** Of the samples of a picture; and how many more in one that is tiny. */
const STRAY_PART = 1 / 1000;
const FEW_STRAYS = 4;

/**
 * Whether nothing but single samples differ, by a level each. x264's lossless mode makes such: met with x264 164 to 165,
 * where fields are coded, and at the edges of pictures of 98x54.
 */
function areStrays(source: Strips, output: Strips): boolean {
  let strays = 0;
  let all = 0;
  for (const [position, { samples }] of source.entries()) {
    const others = output[position]?.samples;
    if (others === undefined || others.length !== samples.length) return false;
    all += samples.length;
    for (let at = 0; at < samples.length; at += 1) {
      const by = Math.abs((samples[at] ?? 0) - (others[at] ?? 0));
      if (by > 1) return false;
      strays += by;
    }
  }
  return strays <= Math.max(FEW_STRAYS, all * STRAY_PART);
}

/** Compares picture `at` of a run with its own source picture and with the neighbours. */
export function judgePicture(run: PictureRun, at: number): Judgement {
  const { format, width } = run;
  const source = run.source[at] ?? [];
  const output = run.output[at] ?? [];
  const scale = levels(format.peak);
  const isEqual = source.every((plane, position) => {
    const other = output[position];
    return other !== undefined && areEqual(plane, other);
  });
  if (isEqual) return { problems: [], psnr: Number.POSITIVE_INFINITY, ssim: 1 };
  const fits = fitColours(source, output, width, scale);
  const quality = run.quality === "lossless" ? "high" : run.quality;
  const problems: string[] =
    run.mustBeEqual && !(run.mayStray === true && areStrays(source, output))
      ? ["its samples are not those of the source, and the codec is lossless"]
      : [];
  let worst: PlaneMeasures | null = null;
  let mostInstead = 1;
  for (const [position, plane] of source.entries()) {
    const other = output[position];
    const fit = fits[position];
    if (other === undefined || fit === undefined) continue;
    const measured = measurePlane(plane, other, scale);
    const thresholds = thresholdsOf(quality, measured, fit);
    problems.push(...planeProblems(plane.plane.name, measured, fit, thresholds));
    if (worst === null || measured.error > worst.error) worst = measured;
    mostInstead = Math.min(mostInstead, thresholds.instead);
  }
  const instead = fitting(
    [...alternativesOf(thinned(source), thinned(output), format), ...neighbours(run, at, mostInstead)],
    mostInstead,
  );
  if (instead !== null) {
    const [own, other] = [psnr(instead.own).toFixed(1), psnr(instead.other).toFixed(1)];
    problems.unshift(`it fits better as ${instead.what} (${other} dB for ${own} dB)`);
  }
  return { problems, psnr: psnr(worst?.error ?? 0), ssim: worst?.ssim ?? 1 };
}

function neighbours({ source, output, format }: PictureRun, at: number, mostInstead: number): Alternative[] {
  const own = source[at];
  const shown = output[at];
  if (own === undefined || shown === undefined) return [];
  return source.flatMap((other, position) => {
    if (position === at) return [];
    const what = position < at ? "the picture before it" : "the picture after it";
    return neighbourInstead(what, { output: shown, own, other }, format, leastApartFor(mostInstead));
  });
}

export function judgePictures(run: PictureRun): Judgement[] {
  return run.output.map((_, at) => judgePicture(run, at));
}
