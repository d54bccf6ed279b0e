// The video stream that is encoded without -map: ffmpeg's 0:V:0 if it has pictures, otherwise the first stream that has
// some. Pure.

export interface VideoCandidate {
  readonly width: number;
  readonly height: number;
  /** No decoder is available for it. */
  readonly isEncrypted: boolean;
}

/** Undefined when no stream has pictures that can be decoded. */
export function defaultVideo<T extends VideoCandidate>(candidates: readonly T[]): T | undefined {
  return candidates.find(({ width, height, isEncrypted }) => width > 0 && height > 0 && !isEncrypted);
}
