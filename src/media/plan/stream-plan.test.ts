// Every stream of the source is in the plan or left out with the reason; options for single tracks count the output's.
import { describe, expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import { forContainer } from "../colour/container-range.ts";
import { outputRange } from "../colour/range-path.ts";
import { type EncodeRequest, emptyEncodeRequest } from "../model/encode-request.ts";
import type { Container } from "../model/source.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { EVERY_KIND, WITH_COVERS } from "../verify/every-kind.fixture.ts";
import { leftOutOf, planStreams } from "./stream-plan.ts";

const info = EVERY_KIND;
const empty = emptyEncodeRequest();
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

describe("all sound is never left out unasked", () => {
  const latm = {
    ...info,
    streams: info.streams.map((one) => (one.type === "audio" ? { ...one, codec: "aac_latm" } : one)),
  };
  const plan = (params: string, source = latm) => planStreams(source, parseEncodeParams(params), "mp4");
  const kept = (params: string) => plan(params).streams.filter(({ source }) => source.type === "audio").length;
  test("a copy that the container can't hold is refused, with what helps", () => {
    expect(() => plan("-c:a copy")).toThrow(
      "no sound at all (stream 1: mp4 cannot hold aac_latm; stream 2: mp4 cannot",
    );
    expect(() => plan("-map 0:v -map 0:a:1 -c:a copy")).toThrow("no sound at all (stream 2:");
  });
  test("a codec that ffmpeg does not know is refused too", () => {
    const streams = latm.streams.map((one) => (one.type === "audio" ? { ...one, codec: "unknown" } : one));
    expect(() => plan("", { ...latm, streams })).toThrow("its codec is not known to ffmpeg");
  });
  test.each([
    ["", 2],
    ["-c:a:1 copy", 1],
    ["-an", 0],
    ["-map 0:v", 0],
    ["-map -0:a", 0],
  ])("%p is not refused", (params, count) => expect(kept(params)).toBe(count));
});

test("what is taken out later keeps its reason, and the files of encoded sound are counted anew", () => {
  const plan = leftOutOf(planStreams(info, parseEncodeParams("-c:a flac"), "mkv"), new Map([[1, "nothing in it"]]));
  expect(plan.leftOut.map(({ source, reason, isAsked }) => [source.index, reason, isAsked])).toContainEqual([
    ...[1, "nothing in it", false],
  ]);
  expect(plan.streams.find(({ source }) => source.index === 2)).toMatchObject({ number: 1, action: { file: 0 } });
});

test("a track of chapter titles is left out as one whose chapters are kept", () => {
  const reason = (params: string, formatName: string) =>
    planStreams({ ...info, formatName }, parseEncodeParams(params), "mkv").leftOut.find(
      ({ source }) => source.type === "data",
    )?.reason;
  expect(reason("", "mov,mp4,m4a,3gp,3g2,mj2")).toBe(
    "data streams are not carried over; the chapters that it names are kept",
  );
  expect(reason("-map_chapters -1", "mov,mp4,m4a,3gp,3g2,mj2")).toBe("data streams are not carried over");
  expect(reason("", "matroska,webm")).toBe("data streams are not carried over");
});

test("cover art is copied into MP4, last, and named where it cannot be kept", () => {
  const plan = planStreams(WITH_COVERS, empty, "mp4");
  expect(plan.streams.slice(-2).map(({ source, action }) => [source.index, action.kind])).toEqual([
    [7, "copy"],
    [8, "copy"],
  ]);
  const left = planStreams(WITH_COVERS, empty, "ts").leftOut.filter(({ source }) => source.isAttachedPicture);
  expect(left.map(({ reason }) => reason)).toEqual(["cover art is not kept in ts", "cover art is not kept in ts"]);
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
  test("exclusions alone leave out of everything", () => {
    const plan = planStreams(info, parseEncodeParams("-map -0:s -map -0:a:0"), "mkv");
    expect(plan.streams.map(({ source }) => source.index)).toEqual([0, 2, 5]);
    expect(planStreams(info, parseEncodeParams("-map 0:v -map 0:m:language:deu"), "mkv").streams.length).toBe(2);
  });
});

test("full range becomes limited in a file that can't say it", () => {
  const full = { ...info, video: { ...info.video, pixelFormat: "yuvj420p" } };
  const planIn = (container: Container) => {
    const request = forContainer(parseEncodeParams("-c:v ffv1 -c:a pcm_s16le -sn"), container);
    return {
      request,
      range: outputRange(full.video, request),
      tag: planStreams(full, request, container).picture.tags.range,
    };
  };
  expect(planIn("mov")).toMatchObject({ range: "tv", tag: null });
  expect(planIn("mkv")).toMatchObject({ range: "pc", tag: "pc" });
});
