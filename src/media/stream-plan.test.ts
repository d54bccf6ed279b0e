import { describe, expect, test } from "bun:test";
import { AppError } from "../base/errors.ts";
import { coverArgs, coverStreams } from "./cover-art.ts";
import { audioArgs } from "./encode-audio.ts";
import { type EncodeRequest, emptyEncodeRequest } from "./request/encode-request.ts";
import { parseEncodeParams } from "./request/parse-params.ts";
import { TEN_BITS } from "./source-video.fixture.ts";
import { stitchArgs } from "./stitch-args.ts";
import { planStreams } from "./stream-plan.ts";
import type { Container, SourceInfo, SourceStream } from "./types.ts";

function stream(
  index: number,
  type: SourceStream["type"],
  codec: string,
  more: Partial<SourceStream> = {},
): SourceStream {
  return {
    index,
    type,
    codec,
    language: null,
    title: null,
    isAttachedPicture: false,
    dispositions: [],
    startPts: 0,
    timeBase: { num: 1, den: 1000 },
    sampleRate: null,
    channels: null,
    ...more,
  };
}

const info: SourceInfo = {
  formatName: "matroska,webm",
  bytes: 1000,
  startMicroseconds: -7000,
  durationMicroseconds: 10_000_000,
  streams: [
    stream(0, "video", "hevc", { language: "eng", dispositions: ["default"] }),
    stream(1, "audio", "aac", { language: "eng", dispositions: ["default"] }),
    stream(2, "audio", "vorbis", { language: "deu", title: "Kommentar" }),
    stream(3, "subtitle", "subrip"),
    stream(4, "subtitle", "hdmv_pgs_subtitle"),
    stream(5, "attachment", "ttf"),
    stream(6, "data", "bin_data"),
  ],
  chapterCount: 2,
  video: {
    ...TEN_BITS,
    timeBase: { num: 1, den: 1000 },
    realFrameRate: { num: 25, den: 1 },
    averageFrameRate: { num: 25, den: 1 },
    sampleAspectRatio: null,
    colour: { range: "tv", space: "bt2020nc", transfer: "smpte2084", primaries: "bt2020", chromaLocation: null },
  },
};
const empty = emptyEncodeRequest();
const facts = {
  encoderTimeBase: { num: 1, den: 1000 },
  firstFrameUs: 0,
  zeroUs: -7000,
  audioDelaysUs: [],
  lastFrame: null,
};

function actions(container: Container, request: EncodeRequest = empty): Record<number, string> {
  const plan = planStreams(info, request, container);
  return Object.fromEntries([
    ...plan.streams.map((one) => [one.source.index, one.action.kind]),
    ...plan.leftOut.map((one) => [one.source.index, `out: ${one.reason}`]),
  ]);
}

describe("every stream is accounted for", () => {
  test("MP4 encodes what it cannot hold and says what it drops", () => {
    expect(actions("mp4")).toEqual({
      0: "encode-video",
      1: "copy",
      2: "encode-audio",
      3: "convert-subtitle",
      4: "out: mp4 cannot hold hdmv_pgs_subtitle",
      5: "out: mp4 holds no attachments",
      6: "out: data streams are not carried over",
    });
  });
  test("MKV keeps everything but data", () => {
    expect(Object.values(actions("mkv")).filter((action) => action.startsWith("out"))).toEqual([
      "out: data streams are not carried over",
    ]);
  });
  test("no audio, no subtitles", () => {
    const request = { ...empty, audio: { mode: "none" }, subtitles: { mode: "none" } } as const;
    expect(actions("mkv", request)).toMatchObject({ 1: "out: -an", 2: "out: -an", 3: "out: -sn" });
  });
  test("-map picks and orders", () => {
    const pick = (type: "v" | "a", index: number) => ({ exclude: false, optional: false, type, index, language: null });
    const plan = planStreams(info, { ...empty, maps: [pick("v", 0), pick("a", 1)] }, "mkv");
    expect(plan.streams.map((one) => one.source.index)).toEqual([0, 2]);
    expect(plan.leftOut.every((one) => one.reason === "not picked by -map")).toBe(true);
  });
  test("-map without video is refused", () => {
    const maps = [{ exclude: false, optional: false, type: "a", index: null, language: null }] as const;
    expect(() => planStreams(info, { ...empty, maps }, "mkv")).toThrow("-map picks no video stream");
  });
});

describe("cover art", () => {
  const cover = (index: number, codec: string): SourceStream => ({
    ...stream(index, "video", codec),
    isAttachedPicture: true,
    dispositions: ["attached_pic"],
  });
  const withCovers: SourceInfo = {
    ...info,
    streams: [...info.streams, cover(7, "mjpeg"), { ...cover(8, "png"), fileName: "back.png" }],
  };
  const io = {
    concatList: "file:/w/list",
    audio: [],
    source: "file:/s.mkv",
    covers: ["file:/w/cover-0", "file:/w/cover-1"],
    output: "file:/w/o.mkv",
  };
  test("becomes attached files in Matroska, after the attachments that are copied", () => {
    const plan = planStreams(withCovers, empty, "mkv");
    expect(plan.leftOut.map(({ source }) => source.index)).toEqual([6]);
    expect(coverStreams(plan).map(({ index }) => index)).toEqual([7, 8]);
    const args = stitchArgs(withCovers, empty, plan, facts, io);
    expect(args.filter((_, position) => args[position - 1] === "-map")).toEqual([
      "0:v:0",
      "1:1",
      "1:2",
      "1:3",
      "1:4",
      "1:5",
    ]);
    expect(args.slice(args.indexOf("-attach"), args.indexOf("-color_range:v:0"))).toEqual([
      ...[
        "-attach",
        "file:/w/cover-0",
        "-metadata:s:t:1",
        "mimetype=image/jpeg",
        "-metadata:s:t:1",
        "filename=cover.jpg",
      ],
      ...[
        "-attach",
        "file:/w/cover-1",
        "-metadata:s:t:2",
        "mimetype=image/png",
        "-metadata:s:t:2",
        "filename=back.png",
      ],
    ]);
  });
  test("is copied into MP4, last, and named where it cannot be kept", () => {
    const plan = planStreams(withCovers, empty, "mp4");
    expect(plan.streams.slice(-2).map(({ source, action }) => [source.index, action.kind])).toEqual([
      [7, "copy"],
      [8, "copy"],
    ]);
    const left = planStreams(withCovers, empty, "ts").leftOut.filter(({ source }) => source.isAttachedPicture);
    expect(left.map(({ reason }) => reason)).toEqual(["cover art is not kept in ts", "cover art is not kept in ts"]);
  });
  test("the whole argument list that makes a file of it", () => {
    expect(coverArgs(withCovers, 7, "file:/s.mkv", "file:/w/cover-0")).toEqual([
      ...["-hide_banner", "-nostdin", "-v", "error", "-protocol_whitelist", "file"],
      ...["-format_whitelist", "matroska,webm", "-f", "matroska", "-i", "file:/s.mkv"],
      ...["-map", "0:7", "-frames:v", "1", "-c", "copy", "-f", "data", "-y", "file:/w/cover-0"],
    ]);
  });
});

test("the whole argument list of the stitch", () => {
  const request: EncodeRequest = { ...empty, video: { ...empty.video, encoder: "libx265" } };
  const plan = planStreams(info, request, "mp4");
  const io = {
    concatList: "file:/w/list",
    audio: ["file:/w/audio-0.mp4"],
    source: "file:/s.mkv",
    covers: [],
    output: "file:/w/o.mp4",
  };
  expect(stitchArgs(info, request, plan, facts, io)).toEqual([
    ...["-hide_banner", "-nostdin", "-v", "error", "-copyts", "-itsoffset", "0.007001"],
    ...[
      "-protocol_whitelist",
      "file",
      "-format_whitelist",
      "concat,nut,matroska,webm",
      "-f",
      "concat",
      "-safe",
      "0",
      "-i",
      "file:/w/list",
    ],
    ...["-itsoffset", "0.000000", "-protocol_whitelist", "file", "-f", "mp4", "-i", "file:/w/audio-0.mp4"],
    ...[
      "-itsoffset",
      "0.007000",
      "-protocol_whitelist",
      "file",
      "-format_whitelist",
      "matroska,webm",
      "-f",
      "matroska",
      "-i",
      "file:/s.mkv",
    ],
    ...["-map", "0:v:0", "-map", "2:1", "-map", "1:a:0", "-map", "2:3", "-c", "copy", "-c:s:0", "mov_text"],
    ...["-map_metadata", "2", "-map_chapters", "2"],
    ...["-metadata:s:v:0", "language=eng", "-disposition:v:0", "default", "-disposition:a:0", "default"],
    ...[
      "-metadata:s:a:1",
      "language=deu",
      "-metadata:s:a:1",
      "title=Kommentar",
      "-metadata:s:a:1",
      "handler_name=Kommentar",
      "-disposition:a:1",
      "0",
      "-disposition:s:0",
      "0",
    ],
    ...[
      "-color_range:v:0",
      "tv",
      "-color_primaries:v:0",
      "bt2020",
      "-color_trc:v:0",
      "smpte2084",
      "-colorspace:v:0",
      "bt2020nc",
      "-field_order:v:0",
      "progressive",
    ],
    ...["-tag:v:0", "hvc1", "-video_track_timescale", "16000", "-movie_timescale", "16000", "-strict", "-2"],
    ...["-max_muxing_queue_size", "65536", "-max_interleave_delta", "0", "-f", "mp4", "-y", "file:/w/o.mp4"],
  ]);
});

test("the whole argument list of the audio run: a file for each track, with its own options", () => {
  const request = parseEncodeParams(
    "-c:a copy -b:a 128k -c:a:0 aac -c:a:1 libopus -b:a:1 48k -ac:a:1 1 -filter:a:1 volume=2",
  );
  const plan = planStreams(info, request, "mp4");
  const outputs = ["file:/w/audio-0.mp4", "file:/w/audio-1.mp4"];
  expect(audioArgs(info, plan, "file:/s.mkv", outputs)).toEqual([
    ...["-hide_banner", "-nostdin", "-v", "error", "-copyts", "-itsoffset", "0.007000"],
    ...["-protocol_whitelist", "file", "-format_whitelist", "matroska,webm", "-f", "matroska", "-i", "file:/s.mkv"],
    ...["-map", "0:1", "-c:a", "aac", "-b:a", "128000", "-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-movie_timescale", "48000", "-strict", "-2", "-f", "mp4", "-y", "file:/w/audio-0.mp4"],
    ...["-map", "0:2", "-c:a", "libopus", "-b:a", "48000", "-ac", "1", "-af", "volume=volume=2"],
    ...["-map_metadata", "-1", "-map_chapters", "-1"],
    ...["-movie_timescale", "48000", "-strict", "-2", "-f", "mp4", "-y", "file:/w/audio-1.mp4"],
  ]);
});

test("side channels get the names that libopus knows, unless the request says what becomes of them", () => {
  const side: SourceInfo = {
    ...info,
    streams: info.streams.map((each) =>
      each.index === 2 ? { ...each, channels: 6, channelLayout: "5.1(side)" } : each,
    ),
  };
  const filterOf = (params: string, container: Container) => {
    const args = audioArgs(side, planStreams(side, parseEncodeParams(params), container), "file:/s.mkv", ["file:/a"]);
    return args[args.indexOf("-af") + 1];
  };
  expect(filterOf("-map 0:v -map 0:2 -c:a libopus", "mkv")).toBe("channelmap=channel_layout=5.1");
  expect(filterOf("-map 0:v -map 0:2 -c:a libopus -af volume=2", "mkv")).toBe(
    "channelmap=channel_layout=5.1,volume=volume=2",
  );
  for (const params of ["libopus -ac 2", "libopus -mapping_family 255", "aac"])
    expect(filterOf(`-map 0:v -map 0:2 -c:a ${params}`, "mkv")).not.toContain("channelmap");
});

describe("options for single tracks", () => {
  const planned = (params: string, container: Container = "mkv") =>
    planStreams(info, parseEncodeParams(params), container).streams.map(({ action }) =>
      action.kind === "encode-audio" ? `${action.encoder} ${action.settings.bitrate}` : action.kind,
    );
  const [video, keep] = ["encode-video", "copy"];
  test("hold for their track alone", () => {
    expect(planned("-map 0:v -map 0:a -c:a:0 aac -b:a:0 64k")).toEqual([video, "aac 64000", keep]);
    expect(planned("-map 0:v -map 0:a -c:a aac -b:a 96k -c:a:1 copy")).toEqual([video, "aac 96000", keep]);
    expect(planned("-map 0:v -map 0:a -c:a aac -b:a 96k -b:a:1 32k")).toEqual([video, "aac 96000", "aac 32000"]);
    expect(planned("-map 0:v -map 0:a -b:a:1 32k")).toEqual([video, keep, "aac 32000"]);
  });
  test("count the output's tracks, in its order", () => {
    expect(planned("-map 0:v -map 0:a:1 -map 0:a:0 -c:a copy -c:a:1 aac -b:a:1 32k")).toEqual([
      video,
      keep,
      "aac 32000",
    ]);
    expect(planned("-map 0:v -map 0:s -c:s:0 ass")).toEqual([video, "convert-subtitle", keep]);
  });
  test("an option for all that comes later replaces them, as in ffmpeg", () => {
    expect(planned("-map 0:v -map 0:a -c:a:0 copy -c:a aac -b:a 96k")).toEqual([video, "aac 96000", "aac 96000"]);
    expect(planned("-map 0:v -map 0:s:0 -c:s:0 ass -c:s copy")).toEqual([video, keep]);
  });
  test.each([
    ["-c:a:2 aac", "a:2", "a:0 to a:1"],
    ["-an -map 0:v -metadata:s:a:0 title=x", "a:0", "no audio stream"],
    ["-c:s:7 copy", "s:7", "s:0 to s:1"],
    ["-disposition:t:1 default", "t:1", "t:0 to t:0"],
  ])("that name no track are refused: %s", (params, named, hint) => {
    try {
      planStreams(info, parseEncodeParams(params), "mkv");
      throw new Error("taken");
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      expect(thrown.code).toBe("E_ENCODE_REQUEST");
      expect(thrown.message).toContain(named);
      expect(thrown.hint).toContain(hint);
    }
  });
  test("tags and dispositions go to the same tracks when an earlier one fits nowhere", () => {
    const request = parseEncodeParams("-c:a copy -metadata:s:a:1 title=Two -disposition:a:0 default");
    const bare = { ...info, streams: info.streams.slice(0, 3).with(1, stream(1, "audio", "truehd")) };
    const plan = planStreams(bare, request, "webm");
    const io = { concatList: "l", audio: [], source: "s", covers: [], output: "o" };
    const args = stitchArgs(bare, request, plan, facts, io);
    expect(args[args.indexOf("title=Two") - 1]).toBe("-metadata:s:a:0");
    expect(args.filter((word) => word === "-disposition:a:0")).toHaveLength(1);
  });
  test("exclusions alone leave out of everything", () => {
    const plan = planStreams(info, parseEncodeParams("-map -0:s -map -0:a:0"), "mkv");
    expect(plan.streams.map(({ source }) => source.index)).toEqual([0, 2, 5]);
    expect(planStreams(info, parseEncodeParams("-map 0:v -map 0:m:language:deu"), "mkv").streams.length).toBe(2);
  });
});
