// Which video stream of a source is encoded where no -map says: the first that has pictures, ffmpeg's 0:V:0 where that one
// has some. Pure.

export interface VideoCandidate {
  readonly width: number;
  readonly height: number;
  /** Nobody here can decode it. */
  readonly isEncrypted: boolean;
}

/** Undefined where none has pictures that can be decoded. */
export function defaultVideo<T extends VideoCandidate>(candidates: readonly T[]): T | undefined {
  return candidates.find(({ width, height, isEncrypted }) => width > 0 && height > 0 && !isEncrypted);
}
