import { expect, test } from "bun:test";
import fc from "fast-check";
import { playBucket, type TimedPacket } from "./leaky-bucket.ts";
import { type Buffer, onePassBuffer, sharedBuffer } from "./segment-buffer.ts";

const FRAME_SECONDS = 0.04;
const packets = (...bits: number[]): TimedPacket[] => bits.map((each, at) => ({ seconds: at * 0.1, bits: each }));

test("the bucket fills at its rate up to its size, and each picture empties it", () => {
  const buffer = { maxrate: 1000, bufsize: 1000 };
  expect(playBucket(packets(500, 400, 100), buffer)).toEqual({
    underflows: 0,
    worstMissingBits: 0,
    firstAt: null,
    lowest: 0.1,
  });
  // 900 at the start; 100 more come before each picture.
  expect(playBucket(packets(900, 100, 101, 0), buffer)).toMatchObject({
    underflows: 1,
    worstMissingBits: 1,
    firstAt: 0.2,
  });
  // Nothing is saved beyond its size: ten quiet pictures do not pay for a large one.
  expect(playBucket(packets(...Array(20).fill(0), 1001), buffer)).toMatchObject({ underflows: 1, worstMissingBits: 1 });
});

/**
 * What an encoder that keeps `buffer` may make of a segment, as greedy as it can be: `wishes` says how much of what the
 * buffer holds each picture takes, and `mostBits` ends the segment's spending.
 */
function greedySegment(wishes: readonly number[], buffer: Buffer, mostBits: number): number[] {
  let fill = 0.9 * buffer.bufsize;
  let left = mostBits;
  return wishes.map((wish, at) => {
    if (at > 0) fill = Math.min(buffer.bufsize, fill + FRAME_SECONDS * buffer.maxrate);
    const bits = Math.floor(Math.min(fill * wish, left));
    fill -= bits;
    left -= bits;
    return bits;
  });
}

const wish = fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
const segments = fc.array(fc.array(wish, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 12 });
const asked = fc.record({
  maxrate: fc.integer({ min: 50_000, max: 50_000_000 }),
  bufsize: fc.integer({ min: 20_000, max: 100_000_000 }),
});

function join(all: readonly (readonly number[])[]): TimedPacket[] {
  return all.flat().map((bits, at) => ({ seconds: at * FRAME_SECONDS, bits }));
}

/** Rounding of seconds; nothing of a picture's size. */
const SMALLEST_LATE = 2;

test("two passes: segments that each keep their half and their rate never empty the buffer together", () => {
  fc.assert(
    fc.property(segments, asked, (all, buffer) => {
      const made = all.map((wishes) =>
        greedySegment(wishes, sharedBuffer(buffer), buffer.maxrate * wishes.length * FRAME_SECONDS),
      );
      expect(playBucket(join(made), buffer).worstMissingBits).toBeLessThanOrEqual(SMALLEST_LATE);
    }),
    { numRuns: 2000 },
  );
});

test("one pass: nothing but the segments' own buffers is needed", () => {
  fc.assert(
    fc.property(segments, asked, (all, buffer) => {
      const made = all.map((wishes) =>
        greedySegment(wishes, onePassBuffer(buffer, wishes.length * FRAME_SECONDS), Number.POSITIVE_INFINITY),
      );
      expect(playBucket(join(made), buffer).worstMissingBits).toBeLessThanOrEqual(SMALLEST_LATE);
    }),
    { numRuns: 2000 },
  );
});

test("the same greed with the whole buffer in each segment does empty it: the property above has teeth", () => {
  const buffer = { maxrate: 1_000_000, bufsize: 1_000_000 };
  const late = [...Array(20).fill(0), ...Array(5).fill(1)];
  const early = [1, 1, 1, 1, 1];
  const made = [late, early].map((wishes) => greedySegment(wishes, buffer, Number.POSITIVE_INFINITY));
  expect(playBucket(join(made), buffer).underflows).toBeGreaterThan(0);
});
