// The whole argument lists of the stitch, and where its options for single tracks and attached files land.
import { describe, expect, test } from "bun:test";
import { type EncodeRequest, emptyEncodeRequest } from "../model/encode-request.ts";
import { planStreams } from "../plan/stream-plan.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { EVERY_KIND, sourceStream, WITH_COVERS } from "../verify/every-kind.fixture.ts";
import { coverArgs, coverStreams } from "./cover-art.ts";
import { stitchArgs } from "./stitch-args.ts";

const info = EVERY_KIND;
const empty = emptyEncodeRequest();
const facts = {
  encoderTimeBase: { num: 1, den: 1000 },
  firstFrameUs: 0,
  zeroUs: -7000,
  audioDelaysUs: [],
  lastFrame: null,
};

test("the whole argument list of the stitch", () => {
  const request: EncodeRequest = { ...empty, video: { ...empty.video, encoder: "libx265" } };
  const plan = planStreams(info, request, "mp4");
  const io = {
    concatList: "file:/w/list",
    audio: ["file:/w/audio-0.mp4"],
    source: "file:/s.mkv",
    covers: [],
    reserved: [],
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
    ...["-itsoffset", "0.000000", "-protocol_whitelist", "file"],
    ...["-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,nut", "-i", "file:/w/audio-0.mp4"],
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
    ...["0", "1"].flatMap((track) => [
      `-bsf:a:${track}`,
      "setts=duration='if(DURATION,DURATION,if(N,if(PREV_OUTDURATION,PREV_OUTDURATION,PTS-PREV_INPTS),0))'",
    ]),
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

describe("cover art in Matroska", () => {
  const io = {
    concatList: "file:/w/list",
    audio: [],
    source: "file:/s.mkv",
    covers: ["file:/w/cover-0", "file:/w/cover-1"],
    reserved: [],
    output: "file:/w/o.mkv",
  };
  test("becomes attached files in Matroska, after the attachments that are copied", () => {
    const plan = planStreams(WITH_COVERS, empty, "mkv");
    expect(plan.leftOut.map(({ source }) => source.index)).toEqual([6]);
    expect(coverStreams(plan).map(({ index }) => index)).toEqual([7, 8]);
    const args = stitchArgs(WITH_COVERS, empty, plan, facts, io);
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
  test("the whole argument list that makes a file of it", () => {
    expect(coverArgs(WITH_COVERS, 7, "file:/s.mkv", "file:/w/cover-0")).toEqual([
      ...["-hide_banner", "-nostdin", "-v", "error", "-protocol_whitelist", "file"],
      ...["-format_whitelist", "matroska,webm", "-f", "matroska", "-i", "file:/s.mkv"],
      ...["-map", "0:7", "-frames:v", "1", "-c", "copy", "-f", "data", "-y", "file:/w/cover-0"],
    ]);
  });
});

test("tags and dispositions go to the same tracks when an earlier one fits nowhere", () => {
  const request = parseEncodeParams("-c:a copy -metadata:s:a:1 title=Two -disposition:a:0 default");
  const bare = { ...info, streams: info.streams.slice(0, 3).with(1, sourceStream(1, "audio", "truehd")) };
  const plan = planStreams(bare, request, "webm");
  const io = { concatList: "l", audio: [], source: "s", covers: [], reserved: [], output: "o" };
  const args = stitchArgs(bare, request, plan, facts, io);
  expect(args[args.indexOf("title=Two") - 1]).toBe("-metadata:s:a:0");
  expect(args.filter((word) => word === "-disposition:a:0")).toHaveLength(1);
});

test.each([
  ["mov_text", "mp4", ["-bsf:s:0", "setts=duration='if(DURATION,DURATION,2/TB)'"]],
  ["mov_text", "mov", ["-bsf:s:0", "setts=duration='if(DURATION,DURATION,2/TB)'"]],
  ["dvd_subtitle", "mp4", ["-bsf:s:0", "setts=duration='if(gt(DURATION*TB,3600),1/TB,DURATION)'"]],
  ["mov_text", "mkv", []],
] as const)("a copied event of %s without a length is not lost in %s", (codec, container, filter) => {
  const bare = { ...info, streams: [...info.streams.slice(0, 1), sourceStream(1, "subtitle", codec)] };
  const io = { concatList: "l", audio: [], source: "s", covers: [], reserved: [], output: "o" };
  const args = stitchArgs(bare, empty, planStreams(bare, empty, container), facts, io);
  expect(args.filter((word, at) => word === "-bsf:s:0" || args[at - 1] === "-bsf:s:0")).toEqual([...filter]);
});
