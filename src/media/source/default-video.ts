// Which video stream of a source is encoded where no -map says: as ffmpeg picks one ("Automatic stream selection"; the
// scores are ffmpeg's own, fftools: the largest picture, with so much more for a stream that is marked as default). Pure.

export interface VideoCandidate {
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly isDefault: boolean;
}

const DEFAULT_BONUS = 5_000_000;

/** The first of the best; streams without pictures are none of the candidates. */
export function defaultVideo<T extends VideoCandidate>(candidates: readonly T[]): T | undefined {
  const score = ({ width, height, isDefault }: T) => width * height + (isDefault ? DEFAULT_BONUS : 0);
  let best: T | undefined;
  for (const each of candidates) if (best === undefined || score(each) > score(best)) best = each;
  return best;
}
