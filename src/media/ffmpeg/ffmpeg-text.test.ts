// What ffmpeg and ffprobe print, as the parsers take it.
import { describe, expect, test } from "bun:test";
import { compareSeam, parseSeams } from "../segment/seams.ts";
import { secondsToMicroseconds } from "../source/probe-answer.ts";
import { refusalOf } from "../source/refusal.ts";
import { stitchHint } from "../stitch/stitch.ts";
import { createProgressParser } from "./progress.ts";
import { decodeErrors, lastWords } from "./stderr.ts";
import { parseVersion } from "./version.ts";

describe("versions", () => {
  const rows = [
    ["ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000", 5, 1],
    ["ffmpeg version n7.0.2-static https://", 7, 0],
    ["ffmpeg version 4.4.2-0ubuntu0 Copyright", 4, 4],
    ["ffmpeg version N-118193-g5f38c8 Copyright\nlibavutil      59. 56.100 / 59. 56.100", 7, 1],
    ["ffmpeg version git-2022-03-01\nlibavutil      57. 21.100 / 57. 21.100", 5, 0],
  ] as const;
  for (const [text, major, minor] of rows)
    test(text.slice(0, 40), () => expect(parseVersion(text)).toMatchObject({ major, minor }));
  test("something else", () => expect(parseVersion("bash: version 5")).toBeNull());
});

test("sound that can't be copied is told from a container that can't hold a stream", () => {
  expect(stitchHint("[aac_adtstoasc @ 0x5] Input packet too small\nav_interleaved_write_frame(): Invalid")).toMatch(
    /-c:a/,
  );
  expect(stitchHint("[mp4 @ 0x5] Could not find tag for codec pcm_bluray in stream #1")).toMatch(/-o name\.mkv/);
});

test("progress comes in blocks", () => {
  const parse = createProgressParser();
  const lines = [
    "frame=12",
    "fps=24.50",
    "stream_0_0_q=-1.0",
    "out_time_us=N/A",
    "progress=continue",
    "frame=48",
    "out_time_us=2000000",
    "progress=end",
  ];
  expect(lines.map(parse).filter((one) => one !== null)).toEqual([
    { frames: 12, fps: 24.5, outTimeUs: null, done: false },
    { frames: 48, fps: 24.5, outTimeUs: 2_000_000, done: true },
  ]);
});

describe("seams", () => {
  const text =
    "#format: frame checksums\n#tb 0: 1/90000\n0,     347490,     347490,     3600,  3110400, aa\n0,     520290,     520290,     3600,  3110400, bb\n";
  test("inside and after the range", () =>
    expect(parseSeams(text, 520_290)).toMatchObject({ start: "aa", afterEnd: "bb" }));
  test("a last segment has nothing after it", () =>
    expect(parseSeams(text, null)).toMatchObject({ start: "aa", afterEnd: null }));
  test("an empty range", () => expect(parseSeams(text, 100)).toEqual({ start: null, afterEnd: "aa", decoded: null }));
  test("what the first picture of the range is", () => {
    const shaped = `#dimensions 0: 1920x540\n#sar 0: 1/2\n${text}`;
    expect(parseSeams(shaped, 520_290).decoded).toBe("1920x540 1/2 3110400");
  });
  test("comparing neighbours", () => {
    expect([compareSeam("a", "a"), compareSeam("a", "b"), compareSeam(null, "b")]).toEqual([
      "agree",
      "differ",
      "unknown",
    ]);
  });
});

describe("stderr", () => {
  const damaged = "[h264 @ 0x55d0c8] error while decoding MB 37 15, bytestream -6\n";
  const openGop = "[hevc @ 0x7f00aa] Could not find ref with POC 12\n";
  test("damage is damage, addresses are dropped", () => {
    expect(decodeErrors(damaged, true)).toEqual(["[h264] error while decoding MB 37 15, bytestream -6"]);
  });
  test("missing references after a seek concern frames that are not kept", () => {
    expect(decodeErrors(openGop, true)).toEqual([]);
    expect(decodeErrors("[h264 @ 0x1] Missing reference picture, default is 0\n", false).length).toBe(1);
  });
  test("clocks that are rounded are no damage", () => {
    expect(
      decodeErrors("[null @ 0x1] Application provided invalid, non monotonically increasing dts to muxer\n", false),
    ).toEqual([]);
  });
  test("bounded", () =>
    expect(
      decodeErrors(Array.from({ length: 50 }, (_, n) => `corrupt ${n} ${"x".repeat(900)}`).join("\n"), false).map(
        (line) => line.length,
      ),
    ).toEqual([300, 300, 300, 300, 300]));
  test("last words", () =>
    expect(lastWords("a\nb\n[libx264 @ 0x1] bad option\nConversion failed!\n")).toBe("a | b | [libx264] bad option"));
  test("last words, where every thread adds its own behind them", () => {
    const said = `[libx264 @ 0x555556a06680] requested bitrate is too low. estimated minimum is 124 kbps
[vost#0:0/libx264 @ 0x555556a09d80] Error while opening encoder - maybe incorrect parameters such as bit_rate, rate, width or height.
[fc#0 @ 0x5555569fb880] Error sending frames to consumers: Generic error in an external library
[fc#0 @ 0x5555569fb880] Task finished with error code: -542398533 (Generic error in an external library)
[vost#0:0/libx264 @ 0x555556a09d80] Could not open encoder before EOF
[vost#1:0/rawvideo @ 0x555556a161c0] Task finished with error code: -22 (Invalid argument)
[vost#1:0/rawvideo @ 0x555556a161c0] Terminating thread with return code -22 (Invalid argument)
[out#0/nut @ 0x555556a09640] Nothing was written into output file, because at least one of its streams received no packets.
`;
    expect(lastWords(said)).toBe("[libx264] requested bitrate is too low. estimated minimum is 124 kbps");
    expect(lastWords("Conversion failed!\n")).toBe("Conversion failed!");
  });
  test("silence", () => expect(lastWords("\n")).toBe("ffmpeg said nothing"));
});

describe("probe", () => {
  test("seconds are exact", () => {
    expect(["1.400000", "-0.023000", "N/A", undefined].map(secondsToMicroseconds)).toEqual([
      1_400_000,
      -23_000,
      null,
      null,
    ]);
  });
  test("hints say what is wrong", () => {
    const { hint } = refusalOf("[mov,mp4 @ 0x1] moov atom not found\nx: Invalid data found", "a.mp4");
    expect(hint).toStartWith("moov atom not found: the file is cut off");
    const whatOf = (demuxer: string) => refusalOf(`[${demuxer} @ 0x55f] Format not on whitelist 'mov'`, "a").what;
    expect(["hls", "concat", "png_pipe", "image2", "rawvideo", "srt", "wv", "bink"].map(whatOf)).toEqual([
      "is a playlist, which names other files",
      "is a script for ffmpeg, which names other files",
      "is a single picture",
      "is a single picture",
      "holds raw pictures without a size",
      "holds only subtitles",
      "holds only sound",
      "has a format that ffcluster does not accept (bink)",
    ]);
    expect(refusalOf("a.iso: Invalid data found when processing input", "a.iso").hint).toContain("disc image");
  });
});
