import { expect, test } from "bun:test";
import { NEWEST_PROVEN } from "../ffmpeg/releases.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";
import { clockOffsetUs, clockShift, sourceMicroseconds, withStartOf } from "./source-clock.ts";

function source(startMicroseconds: number, den: number): Pick<SourceInfo, "startMicroseconds" | "video"> {
  const video = { timeBase: { num: 1, den } } as SourceInfo["video"];
  return { startMicroseconds, video };
}

test("a source that starts at zero is left alone", () => {
  expect(clockOffsetUs(source(0, 90_000))).toBe(0);
});

test("the offset is a microsecond beside minus the start, and the same whole tick", () => {
  for (const [start, den, ticks] of [
    [1_400_000, 90_000, -126_000],
    [1_433_333, 90_000, -129_000],
    [23_000, 1000, -23],
    [-7000, 1000, 7],
    [-21_333, 24_000, 512],
    [3_600_033_333, 90_000, -324_003_000],
  ] as const) {
    const offset = clockOffsetUs(source(start, den));
    expect(offset).not.toBe(-start);
    expect(clockShift(offset, { num: 1, den })).toBe(ticks);
  }
});

test("a clock as fine as a microsecond keeps the exact start", () => {
  expect(clockOffsetUs(source(1_400_000, 1_000_000))).toBe(-1_400_000);
});

test("back on the source's clock nothing is lost", () => {
  expect(sourceMicroseconds(0, { num: 1, den: 25 }, source(1_400_000, 90_000))).toBe(1_400_000);
  expect(sourceMicroseconds(3, { num: 1, den: 25 }, source(1_433_333, 90_000))).toBe(1_553_333);
});

function stream(startPts: number | null, more: Partial<SourceStream> = {}): SourceStream {
  return { startPts, timeBase: { num: 1, den: 90_000 }, isAttachedPicture: false, ...more } as SourceStream;
}

/** The start of a file that begins at `start`, when these streams of it are kept. */
function startOf(formatName: string, start: number, kept: readonly SourceStream[], release = NEWEST_PROVEN): number {
  const info = { ...source(start, 90_000), formatName, streams: kept } as SourceInfo;
  const streams = kept.map((each) => ({ source: each })) as unknown as Parameters<typeof withStartOf>[1]["streams"];
  return withStartOf(info, { streams }, release).startMicroseconds;
}

test("formats whose clock may start anew count from the first stream that is kept, the others from the file's start", () => {
  const video = stream(902_999);
  const sound = stream(900_909);
  expect(startOf("mpegts", 10_010_100, [video, sound])).toBe(10_010_100);
  expect(startOf("mpegts", 10_010_100, [video])).toBe(10_033_322);
  expect(startOf("mpeg", 10_010_100, [video])).toBe(10_033_322);
  expect(startOf("matroska,webm", 10_010_100, [video])).toBe(10_010_100);
});

test("Ogg counts from the file's start with releases before 6.0", () => {
  const video = stream(902_999);
  expect(startOf("ogg", 10_010_100, [video], { major: 5, minor: 1 })).toBe(10_010_100);
  expect(startOf("ogg", 10_010_100, [video], { major: 6, minor: 0 })).toBe(10_033_322);
  expect(startOf("mpegts", 10_010_100, [video], { major: 5, minor: 1 })).toBe(10_033_322);
});

test("a picture that is attached and a stream that never begins count for nothing", () => {
  const video = stream(902_999);
  expect(startOf("mpegts", 0, [video, stream(0, { isAttachedPicture: true }), stream(null)])).toBe(10_033_322);
  expect(startOf("mpegts", 500_000, [stream(null)])).toBe(500_000);
});

test("nothing begins before the file, whose start leaves out what subtitles say", () => {
  expect(startOf("mpegts", 10_033_322, [stream(902_999), stream(90_000)])).toBe(10_033_322);
});

test("streams that the job does not read are named where clocks may start anew", () => {
  const streams = [0, 1, 2].map((index) => stream(902_999, { index }));
  const kept = { streams: [{ source: streams[1] }] } as unknown as Parameters<typeof withStartOf>[1];
  const unreadOf = (formatName: string) =>
    withStartOf({ ...source(0, 90_000), formatName, streams } as unknown as SourceInfo, kept, NEWEST_PROVEN).unread;
  expect(unreadOf("mpegts")).toEqual([0, 2]);
  expect(unreadOf("matroska,webm")).toBeUndefined();
});
