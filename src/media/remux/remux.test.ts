import { describe, expect, test } from "bun:test";
import { fillsFile, firstOnGrid, pairWithTimes, parseSlice, stepOf } from "./elementary.ts";
import { isSamePayload, unitsByLength, unitsByStartCode } from "./same-payload.ts";
import { IVF_HEADER_BYTES, ivfHeader } from "./write-ivf.ts";

const bytes = (...values: number[]) => Buffer.from(values);

describe("packets and their pictures", () => {
  const slices = [
    { start: 0, bytes: 10 },
    { start: 10, bytes: 5 },
    { start: 15, bytes: 1 },
  ];

  test("lines of ffprobe, with side data or without", () => {
    expect(parseSlice("size=77107|pos=0")).toEqual({ start: 0, bytes: 77107 });
    expect(parseSlice("size=7|pos=12|side_data_type=x")).toEqual({ start: 12, bytes: 7 });
    expect(parseSlice("size=7|pos=N/A")).toBeNull();
  });

  test("each packet gets the time of its picture", () => {
    expect(pairWithTimes(slices, [0, 15, 10], 100, 40)).toEqual([
      { start: 0, bytes: 10, pts: 100 },
      { start: 10, bytes: 5, pts: 180 },
      { start: 15, bytes: 1, pts: 140 },
    ]);
  });

  test("a packet without a picture, two pictures of one packet, an unknown place: refused", () => {
    expect(pairWithTimes(slices, [0, 10], 0, 40)).toContain("are not as many pictures");
    expect(pairWithTimes(slices, [0, 10, 10], 0, 40)).toContain("are not as many pictures");
    expect(pairWithTimes(slices, [0, 10, 16], 0, 40)).toContain("no picture comes of the packet at byte 15");
  });

  test("a gap, an overlap or a rest of the file: refused", () => {
    expect(fillsFile(slices, 16)).toBe(true);
    expect(fillsFile(slices, 17)).toBe(false);
    expect(fillsFile(slices.slice(1), 16)).toBe(false);
  });

  test("times but for microseconds at the declared rate begin on its grid", () => {
    const timeBase = { num: 1, den: 1_200_000 };
    expect(firstOnGrid([1, 40_042, 80_082], 40_040, timeBase)).toBe(0);
    expect(firstOnGrid([40_040, 80_080, 120_120], 40_040, timeBase)).toBe(40_040);
    expect(firstOnGrid([0, 40_040, 120_120], 40_040, timeBase)).toContain("picture 2");
    expect(firstOnGrid([0, 40_040, 80_100], 40_040, timeBase)).toContain("picture 2");
  });
});

describe("the same picture in two containers", () => {
  const annexB = bytes(0, 0, 0, 1, 9, 16, 0, 0, 1, 65, 7, 0, 0, 3, 1, 0);
  const lengths = bytes(0, 0, 0, 2, 9, 16, 0, 0, 0, 6, 65, 7, 0, 0, 3, 1);

  test("units by start code and by length", () => {
    expect(unitsByStartCode(annexB)).toEqual([bytes(9, 16), bytes(65, 7, 0, 0, 3, 1)]);
    expect(unitsByLength(lengths)).toEqual([bytes(9, 16), bytes(65, 7, 0, 0, 3, 1)]);
    expect(unitsByLength(lengths.subarray(0, 9))).toBeNull();
    expect(unitsByStartCode(bytes(5, 0, 0, 1, 9))).toEqual([bytes(5, 0, 0, 1, 9)]);
  });

  test("a changed, a missing and an added unit differ", () => {
    expect(isSamePayload("h264", annexB, lengths)).toBe(true);
    const changed = Buffer.from(lengths);
    changed[11] = 8;
    expect(isSamePayload("h264", annexB, changed)).toBe(false);
    expect(isSamePayload("hevc", annexB, lengths.subarray(0, 6))).toBe(false);
    expect(isSamePayload("hevc", annexB, Buffer.concat([lengths, bytes(0, 0, 0, 1, 9)]))).toBe(false);
  });

  test("AV1 loses its temporal delimiter and nothing else; MPEG-2 nothing", () => {
    expect(isSamePayload("av1", bytes(0x12, 0, 0x32, 1, 5), bytes(0x32, 1, 5))).toBe(true);
    expect(isSamePayload("av1", bytes(0x12, 0, 0x32, 1, 5), bytes(0x32, 1, 6))).toBe(false);
    expect(isSamePayload("mpeg2video", bytes(0, 0, 1, 0xb3), bytes(0, 0, 1, 0xb3))).toBe(true);
    expect(isSamePayload("mpeg2video", bytes(0, 0, 1, 0xb3), bytes(0, 0, 0, 1, 0xb3))).toBe(false);
  });
});

test("an IVF header of the stream's own ticks", () => {
  const video = { codec: "h264", width: 320, height: 180, timeBase: { num: 1, den: 1_200_000 } };
  const header = ivfHeader(video, 3);
  expect(header.length).toBe(IVF_HEADER_BYTES);
  expect(header.toString("latin1", 0, 4) + header.toString("latin1", 8, 12)).toBe("DKIFH264");
  expect([header.readUInt32LE(16), header.readUInt32LE(20), header.readUInt32LE(24)]).toEqual([1_200_000, 1, 3]);
});

test("the real rate of raw H.264 may be that of its fields, as ffmpeg 7 and later say", () => {
  const timeBase = { num: 1, den: 1_200_000 };
  const averageFrameRate = { num: 25, den: 1 };
  const step = (num: number) => stepOf({ timeBase, averageFrameRate, realFrameRate: { num, den: 1 } });
  expect([25, 50, 30, 75].map(step)).toEqual([48_000, 48_000, null, null]);
});
