import { expect, test } from "bun:test";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import type { SourceInfo } from "../model/source.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { frameTimingOf } from "../plan/frame-timing.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { mayCrowd, mayLackDistance, requireSpreadTimes, showsHidden } from "./crowded-times.ts";

const NOW = { major: 9, minor: 0 };
const MILLISECONDS = { num: 1, den: 1000 };
const REQUEST = parseEncodeParams("-c:v ffv1");
const AS_THEY_ARE = frameTimingOf(REQUEST, MILLISECONDS);

const timed = (filter: string) => frameTimingOf(parseEncodeParams(`-c:v ffv1 -vf ${filter}`), MILLISECONDS);

/** One group; `shown` in milliseconds, 40 each; `decoded`: when. */
/** `duration`: of a picture, ticks. */
function indexOf(shown: readonly number[], decoded = shown.map((_, at) => at * 40), duration = 40): GrowingFrameIndex {
  const index = new GrowingFrameIndex({ num: 1, den: 25 * duration }, { num: 25, den: 1 });
  for (const [position, pts] of shown.entries()) {
    const packet = { pts, dts: decoded[position] ?? 0, duration, bytePosition: null, isDiscarded: false };
    index.add({ ...packet, isKey: position === 0 });
  }
  index.finish();
  return index;
}

const info = (codec: string) => ({ video: { ...EIGHT_BITS, codec, timeBase: MILLISECONDS } }) as SourceInfo;

test("doubles are looked at, but not those that a codec or a rate explains", () => {
  const twice = indexOf([0, 40, 40, 120, 160, 200]);
  expect(mayCrowd(NOW, twice, info("h264"), AS_THEY_ARE)).toBe(true);
  expect(mayCrowd(NOW, indexOf([0, 40, 80, 120, 160, 200]), info("h264"), AS_THEY_ARE)).toBe(false);
  expect(mayCrowd(NOW, twice, info("vp9"), AS_THEY_ARE)).toBe(false);
  expect(mayCrowd(NOW, twice, info("h264"), frameTimingOf(parseEncodeParams("-c:v ffv1 -r 25"), MILLISECONDS))).toBe(
    false,
  );
});

test("guessed times and times that go back behind a key frame are looked at, whatever explains doubles; of fields too", () => {
  const guessed = indexOf([0, 40, 80, 120]);
  guessed.markFalseTimes("of a test");
  const back = new GrowingFrameIndex(MILLISECONDS, { num: 25, den: 1 });
  for (const [pts, dts, isKey] of [
    [0, 0, true],
    [240, 40, false],
    [200, 160, true],
  ] as const)
    back.add({ pts, dts, duration: 40, bytePosition: null, isDiscarded: false, isKey });
  for (const index of [guessed, back]) {
    expect(mayCrowd(NOW, index, info("vp9"), AS_THEY_ARE)).toBe(true);
    expect(mayCrowd(NOW, index, info("h264"), timed("yadif=1"))).toBe(true);
    expect(mayCrowd(NOW, index, info("h264"), timed("fps=25"))).toBe(false);
  }
});

test("few doubles among pictures of two fields are looked at where an encoder can't tell them apart", () => {
  const fields = { video: { ...info("h264").video, fieldOrder: "tt" } } as SourceInfo;
  const rare = indexOf([0, 40, 80, 120, 160, 200, 240, 240]);
  const paired = indexOf([0, 0, 40, 40, 80, 80]);
  const lacks = (index: GrowingFrameIndex, of: SourceInfo) => mayLackDistance(NOW, index, of);
  expect([lacks(rare, fields), lacks(paired, fields), lacks(rare, info("vp9"))]).toEqual([true, false, false]);
});

test("until 6.0 MJPEG shows what an edit list hides, and until 7.0 AV1", () => {
  const hiding = new GrowingFrameIndex(MILLISECONDS, { num: 25, den: 1 });
  for (const [pts, isDiscarded] of [
    [-40, true],
    [0, false],
  ] as const)
    hiding.add({ pts, dts: pts, duration: 40, bytePosition: null, isDiscarded, isKey: true });
  const shows = (major: number, codec: string, index = hiding) => showsHidden({ major, minor: 1 }, index, info(codec));
  expect([shows(5, "mjpeg"), shows(6, "mjpeg"), shows(5, "prores"), shows(5, "mjpeg", indexOf([0, 40]))]).toEqual([
    ...[true, false, false, false],
  ]);
  expect([shows(6, "av1"), shows(7, "av1")]).toEqual([true, false]);
  expect(mayCrowd({ major: 6, minor: 0 }, hiding, info("av1"), AS_THEY_ARE)).toBe(true);
  expect(mayCrowd(NOW, hiding, info("av1"), AS_THEY_ARE)).toBe(false);
});

test("pictures that a decoder shows without the pause that their packets have are of no known time", () => {
  // The first is decoded before eight seconds, and guessed to be shown among those behind them.
  const packets = [0, ...Array.from({ length: 8 }, (_, at) => 8000 + at * 40)];
  const index = indexOf(packets, packets);
  requireSpreadTimes(index, REQUEST, packets, packets);
  const shown = () => requireSpreadTimes(index, REQUEST, packets.slice(1), packets);
  expect(shown).toThrow(
    "display times of the source's pictures are unknown: the pictures last 0.28 s, their packets 8.28 s",
  );
});

test("of fields, times are halves of the source's ticks", () => {
  const index = indexOf(Array.from({ length: 20 }, (_, at) => at * 40));
  const request = parseEncodeParams("-c:v ffv1 -vf yadif=1");
  const fields = Array.from({ length: 40 }, (_, at) => at * 40);
  requireSpreadTimes(index, request, fields, fields);
  const crowded = [...fields.slice(0, 34), ...[1, 2, 3, 4, 5, 6].map((at) => 1320 + at)];
  expect(() => requireSpreadTimes(index, request, crowded, fields)).toThrow("pictures 33 to 38 are a tick apart");
});

test("a clock that goes back by two pictures puts the fields of three at one time, and fine ticks do not hide it", () => {
  const times = Array.from({ length: 20 }, (_, at) => at * 3600);
  const index = indexOf(times, times, 3600);
  const request = parseEncodeParams("-c:v ffv1 -vf yadif=1");
  const planned = Array.from({ length: 40 }, (_, at) => at * 3600);
  const back = [...planned.slice(0, 20), ...[0, 1, 2, 3, 4].map((at) => 72_000 + at), ...planned.slice(25)];
  const refused = () => requireSpreadTimes(index, request, back, planned);
  expect(refused).toThrow("pictures 20 to 24 are a tick apart");
  // Two at one time give three fields there.
  const twice = [...planned.slice(0, 20), ...[0, 1, 2].map((at) => 72_000 + at), ...planned.slice(23)];
  requireSpreadTimes(index, request, twice, planned);
});

test("a last picture whose time goes back takes its fields along: refused, unless its packets stand so close", () => {
  const shown = Array.from({ length: 20 }, (_, at) => at * 40);
  // Two pictures are a millisecond apart in the middle, where they should be.
  const index = indexOf([...shown.slice(0, 19), 361].toSorted((a, b) => a - b));
  const request = parseEncodeParams("-c:v ffv1 -vf yadif=1");
  // The decoder shows the one of 361 ms last: it comes half a tick behind the field of the one before, and so on.
  const back = [...Array.from({ length: 37 }, (_, at) => at * 40), 1441, 1442, 1443];
  const planned = [...back.slice(0, 19), 721, 722, 761, ...back.slice(20, 37), 1480];
  const refused = () => requireSpreadTimes(index, request, back, planned);
  expect(refused).toThrow("pictures 36 to 39 are a tick apart");
  requireSpreadTimes(index, request, [...planned.slice(0, 39), 1441, 1442], [...planned.slice(0, 39), 1441, 1442]);
  requireSpreadTimes(index, request, planned, planned);
});

test("pictures that a decoder spreads are fine; three at once are refused, with the rate that helps", () => {
  const index = indexOf([0, 40, 40, 40, 160, 200, 240]);
  const spread = [0, 40, 80, 120, 160, 200, 240];
  requireSpreadTimes(index, REQUEST, spread, spread);
  const crowded = () => requireSpreadTimes(index, REQUEST, [0, 40, 41, 42, 43, 44, 200, 240], spread);
  expect(crowded).toThrow("the source gives several pictures one time: pictures 1 to ");
});
