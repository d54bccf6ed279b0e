// How well the pictures that a check looks at are met, the worst of each stretch of the film: what a person looks at first.

/** `psnr`: of the worst plane, dB; null: every sample is the source's. */
export interface PictureScore {
  /** Number in the output, from 0. */
  readonly frame: number;
  readonly psnr: number | null;
  readonly ssim: number;
}

/** Of a long film every picture may be looked at: a curve of more points shows nobody more. */
const MOST_SCORES = 600;

export class PictureScores {
  readonly #frames: number;
  readonly #worst = new Map<number, PictureScore>();

  /** `frames`: of the output. */
  constructor(frames: number) {
    this.#frames = Math.max(1, frames);
  }

  add(frame: number, { psnr, ssim }: { readonly psnr: number; readonly ssim: number }): void {
    const stretch = Math.floor((frame * MOST_SCORES) / this.#frames);
    const known = this.#worst.get(stretch);
    if (known !== undefined && (known.psnr ?? Number.POSITIVE_INFINITY) <= psnr) return;
    const shown = Number.isFinite(psnr) ? Math.round(psnr * 100) / 100 : null;
    this.#worst.set(stretch, { frame, psnr: shown, ssim: Math.round(ssim * 10_000) / 10_000 });
  }

  /** In the order of the film. */
  list(): PictureScore[] {
    return [...this.#worst.values()].sort((a, b) => a.frame - b.frame);
  }
}
