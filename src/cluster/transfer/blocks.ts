// Block arithmetic: a source of `bytes` bytes is divided into blocks of `blockBytes`, numbered from 0. The last may be
// short.

/** A half-open range of bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export function blockCount(bytes: number, blockBytes: number): number {
  return Math.ceil(bytes / blockBytes);
}

/** The bytes of a block: `[start, end)`. Throws a RangeError for a block that the source does not have. */
export function blockRange(block: number, bytes: number, blockBytes: number): ByteRange {
  if (!Number.isInteger(block) || block < 0 || block >= blockCount(bytes, blockBytes)) {
    throw new RangeError(`no block ${block} in ${bytes} bytes of ${blockBytes}`);
  }
  const start = block * blockBytes;
  return { start, end: Math.min(bytes, start + blockBytes) };
}

/** The first and last block with a byte of `range`, which must not be empty. */
export function blocksOfRange(range: ByteRange, blockBytes: number): { readonly first: number; readonly last: number } {
  return { first: Math.floor(range.start / blockBytes), last: Math.floor((range.end - 1) / blockBytes) };
}
