import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { VideoPacket } from "./frame-index.ts";
import { GrowingFrameIndex } from "./growing-frame-index.ts";
import { videoPacket } from "./index-source.ts";

const MILLIS = { num: 1, den: 1000 };
const RATE = { num: 25, den: 1 };

function packet(pts: number | null, dts: number | null, flags = ""): VideoPacket {
  return { pts, dts, duration: 40, isKey: flags.includes("K"), isDiscarded: flags.includes("D"), bytePosition: dts };
}

function indexOf(packets: readonly VideoPacket[]): GrowingFrameIndex {
  const index = new GrowingFrameIndex(MILLIS, RATE);
  for (const one of packets) index.add(one);
  index.finish();
  return index;
}

test("a group of pictures is handed on once a decoding time reaches its end, not before", () => {
  const index = new GrowingFrameIndex(MILLIS, RATE);
  expect(index.add(packet(0, -80, "K"))).toEqual([]);
  expect(index.add(packet(120, -40))).toEqual([]);
  expect(index.add(packet(200, 0, "K"))).toEqual([]);
  expect(index.add(packet(160, 40))).toEqual([]); // leading picture of the next key frame: belongs to the first group
  expect(index.add(packet(240, 200))).toEqual([{ startPts: 0, endPts: 200, frames: 3, bytePosition: -80 }]);
  expect(index.finish()).toEqual([{ startPts: 200, endPts: 280, frames: 2, bytePosition: 0 }]);
});

test("whatever the coding order, groups partition the frames", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.boolean()), { minLength: 1, maxLength: 300 }),
      fc.integer({ min: 0, max: 4 }),
      (steps, delay) => {
        let clock = 0;
        const shown = steps.map(([step, isKey], position) => {
          clock += step;
          return { pts: clock, isKey: isKey || position === 0 };
        });
        const index = new GrowingFrameIndex(MILLIS, RATE);
        const gops = shown.flatMap(({ pts, isKey }, position) => [
          ...index.add({
            pts,
            dts: shown[position - delay]?.pts ?? -1,
            duration: 1,
            isKey,
            isDiscarded: false,
            bytePosition: null,
          }),
        ]);
        gops.push(...index.finish());
        expect(gops.reduce((sum, gop) => sum + gop.frames, 0)).toBe(shown.length);
        expect(gops.flatMap((gop) => index.framePts(gop.startPts, gop.endPts))).toEqual(shown.map((one) => one.pts));
      },
    ),
  );
});

test("it knows where packets share a time", () => {
  const index = indexOf([packet(0, 0, "K"), packet(0, 0), packet(80, 80), packet(120, 120, "K"), packet(160, 160)]);
  expect(index.uncounted.samePts).toBe(1);
  expect(index.sharesPts(null, 120)).toBe(true);
  expect(index.sharesPts(120, null)).toBe(false);
  expect(index.framePts(null, null)).toEqual([0, 80, 120, 160]);
});

test("it knows a picture behind a key frame that has the time of one before it", () => {
  const before = [packet(0, 0, "K"), packet(40, 40), packet(80, 80), packet(120, 80, "K")];
  expect(indexOf([...before, packet(100, 90), packet(160, 120)]).hasDoubleBehindKey).toBe(false);
  expect(indexOf([...before, packet(80, 90), packet(160, 120)]).hasDoubleBehindKey).toBe(true);
  expect(indexOf([...before, packet(160, 120), packet(160, 160)]).hasDoubleBehindKey).toBe(false);
});

test("it knows where the last picture's packet states no time to show it at", () => {
  const reordered = [packet(null, 0, "K"), packet(null, 40), packet(40, 80)];
  expect(indexOf(reordered)).toMatchObject({ isLastGuessed: true, lastPts: 120 });
  expect(indexOf([packet(0, 0, "K"), packet(40, 40)]).isLastGuessed).toBe(false);
});

test("it knows a picture before a key frame that is shown behind it, as where a clock goes back inside a pause", () => {
  const before = [packet(0, -40, "K"), packet(80, 0), packet(40, 40)];
  expect(indexOf([...before, packet(160, 80, "K"), packet(120, 120)]).hasShownBehindKey).toBe(false);
  expect(indexOf([...before, packet(1160, 80), packet(1080, 1000, "K")]).hasShownBehindKey).toBe(true);
  // A second edit of a list begins at pictures of a key frame that is hidden, and before the end of the first one.
  expect(indexOf([...before, packet(20, -40, "KD"), packet(90, 0)]).hasShownBehindKey).toBe(false);
  expect(indexOf([...before, packet(20, -40, "KD"), packet(60, 0)]).hasShownBehindKey).toBe(true);
});

describe("what containers do", () => {
  test("AVI: a reference frame is shown when the next one is decoded", () => {
    const index = indexOf([
      packet(null, 0, "K"),
      packet(null, 40),
      packet(80, 80),
      packet(120, 120),
      packet(null, 160),
      packet(200, 200),
    ]);
    expect(index.framePts(null, null)).toEqual([40, 80, 120, 160, 200, 240]);
    expect(index.seekable).toBe(true);
  });
  test("a program stream in which some reference frames lack a PTS", () => {
    const index = indexOf([
      packet(40, 0, "K"),
      packet(null, 40),
      packet(80, 80),
      packet(160, 120),
      packet(120, 120),
      packet(null, 160, "K"),
      packet(180, 180),
    ]);
    expect(index.framePts(null, null)).toEqual([40, 80, 120, 160, 180, 220]);
    expect(index.keyFrames.map(({ pts }) => pts)).toEqual([40, 220]);
  });
  test("AVI without B-frames: only the first packet lacks a PTS", () => {
    expect(indexOf([packet(null, 0, "K"), packet(40, 40), packet(80, 80)]).framePts(null, null)).toEqual([0, 40, 80]);
  });
  test("an edit list hides frames, and the frames after a hidden key frame count", () => {
    const index = indexOf([packet(-80, -80, "KD"), packet(-40, -40, "D"), packet(0, 0), packet(40, 40)]);
    expect(index.frameCount).toBe(2);
    expect(index.uncounted.discarded).toBe(2);
    expect(index.gops).toEqual([{ startPts: -80, endPts: 80, frames: 2, bytePosition: -80 }]);
  });
  test("packets before the first key frame and leading pictures of the first are no frames", () => {
    const index = indexOf([packet(0, 0), packet(120, 40, "K"), packet(80, 80), packet(160, 120)]);
    expect(index.framePts(null, null)).toEqual([120, 160]);
    expect(index.uncounted.leading).toBe(2);
  });
  test("a clock that jumps back cannot be sought", () => {
    expect(indexOf([packet(1000, 1000, "K"), packet(40, 40, "K")]).reason).toBe("the source's timestamps jump back");
  });
  test("no timestamps at all", () =>
    expect(indexOf([packet(null, null, "K"), packet(null, null)]).seekable).toBe(false));
});

describe("seek points", () => {
  const index = indexOf(Array.from({ length: 100 }, (_, n) => packet(n * 40, n * 40, n % 10 === 0 ? "K" : "")));
  test("without lead-in: the key frame itself", () => expect(index.seekPoint(2000, 0)?.pts).toBe(2000));
  test("with one: a second and a key frame earlier", () => expect(index.seekPoint(2000, 1)?.pts).toBe(800));
  test("with three: three key frames where that is earlier", () => expect(index.seekPoint(2000, 3)?.pts).toBe(800));
  test("near the beginning: from the beginning", () => expect(index.seekPoint(400, 1)).toBeNull());
});

test("ten hours at 60 frames a second stay small", () => {
  const frames = 10 * 3600 * 60;
  const before = process.memoryUsage().arrayBuffers;
  const index = new GrowingFrameIndex({ num: 1, den: 60 }, { num: 60, den: 1 });
  for (let n = 0; n < frames; n += 1)
    index.add({ pts: n, dts: n, duration: 1, isKey: n % 250 === 0, isDiscarded: false, bytePosition: n });
  expect(index.countFrames(0, frames)).toBe(frames);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50e6);
});

test("ffprobe's CSV line", () => {
  expect(videoPacket("video,0,1890,-5310,3600,99,48292,K_".split(","))).toEqual({
    pts: 1890,
    dts: -5310,
    duration: 3600,
    bytePosition: 48_292,
    isKey: true,
    isDiscarded: false,
  });
  expect(videoPacket("video,0,N/A,0,1,99,N/A,_D".split(","))).toEqual({
    pts: null,
    dts: 0,
    duration: 1,
    bytePosition: null,
    isKey: false,
    isDiscarded: true,
  });
});
