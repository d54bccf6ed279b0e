import { describe, expect, test } from "bun:test";
import { joinFilters, writeFilter } from "../ffmpeg/filter-graph.ts";
import { GrowingFrameIndex } from "../index/growing-frame-index.ts";
import { emptyEncodeRequest } from "../model/encode-request.ts";
import type { SegmentTask } from "../model/segment.ts";
import { EIGHT_BITS } from "../model/source-video.fixture.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { filterGraph, seamChain, spreadPts } from "./cut-range.ts";
import { segmentArgs } from "./segment-args.ts";
import { segmentClockArgs } from "./segment-clock.ts";
import { planSegment } from "./segment-task.ts";
import { segmentTaskSchema } from "./task-schema.ts";

const task: SegmentTask = {
  streamIndex: 0,
  formatName: "mov,mp4,m4a,3gp,3g2,mj2",
  timeBase: { num: 1, den: 24_000 },
  startPts: 96_096,
  endPts: 192_192,
  clockOffsetUs: 0,
  seekPts: 96_096,
  cut: null,
  expectedFrames: 96,
  encoderTimeBase: { num: 1, den: 24_000 },
  request: emptyEncodeRequest(),
  video: {
    ...EIGHT_BITS,
    realFrameRate: { num: 24_000, den: 1001 },
    averageFrameRate: { num: 24_000, den: 1001 },
    sampleAspectRatio: null,
    colour: { range: null, space: null, transfer: null, primaries: null, chromaLocation: null },
  },
  byteRange: null,
};
const scale = writeFilter("scale", [
  ["w", 64],
  ["h", 64],
]);
const io = {
  input: "http://127.0.0.1:9/x/source",
  inputKind: "http",
  output: "file:/w/segment.nut",
  seamFile: "file:/w/seams.txt",
  countFile: "file:/w/count.txt",
  threads: 1,
} as const;

test("filters on one thread, where this ffmpeg dithers by slice", () => {
  const alone = segmentArgs(task, { ...io, threads: 2, filtersAlone: true }).join(" ");
  expect(alone).toContain(" -filter_threads 1 -filter_complex_threads 1 ");
  expect(alone).toContain(" -threads 2 -i ");
});

test("the whole argument list of a segment", () => {
  expect(segmentArgs(task, io)).toEqual([
    ...[
      "-hide_banner",
      "-nostdin",
      "-v",
      "error",
      "-max_alloc",
      "671088640",
      "-max_error_rate",
      "1",
      "-filter_complex_threads",
      "1",
      "-copyts",
    ],
    ...["-seek_timestamp", "1", "-noaccurate_seek", "-ss", "4.004000"],
    ...["-protocol_whitelist", "http,tcp", "-format_whitelist", "mov,mp4,m4a,3gp,3g2,mj2", "-f", "mov"],
    ...["-threads", "1", "-i", "http://127.0.0.1:9/x/source"],
    "-filter_complex",
    "[0:0]split[a][b];[a]trim=start_pts=96096:end_pts=192192[v];[b]trim=start_pts=96096:end_pts=192193,select=expr=eq(n\\,0)+gte(pts\\,192192)[seam]",
    ...["-map", "[v]", "-c:v", "libx264", "-threads", "1"],
    ...["-fps_mode", "passthrough", "-enc_time_base", "1/24000", "-bsf:v", "dump_extra"],
    ...[
      "-map_metadata",
      "-1",
      "-map_chapters",
      "-1",
      ...segmentClockArgs({ num: 1, den: 24_000 }),
      "-f",
      "nut",
      "-y",
      "file:/w/segment.nut",
    ],
    ...[
      "-map",
      "[seam]",
      "-fps_mode",
      "passthrough",
      "-enc_time_base",
      "1/24000",
      "-f",
      "framehash",
      "-hash",
      "md5",
      "-y",
      "file:/w/seams.txt",
    ],
    ...["-progress", "pipe:1", "-nostats", "-stats_period", "0.2"],
  ]);
});

test("colours that a filter forgets are stated behind it, where chroma lies is told the encoder", () => {
  const colour = { range: null, space: "bt470bg", transfer: null, primaries: "bt709", chromaLocation: "center" };
  const video = { ...task.video, colour };
  const told = (params: string) => {
    const args = segmentArgs({ ...task, video, request: parseEncodeParams(params) }, io);
    const graph = args[args.indexOf("-filter_complex") + 1] ?? "";
    return [/setparams=[^[,]*/.exec(graph)?.[0], args.includes("-chroma_sample_location")];
  };
  expect(told("-c:v libx265 -vf tmix=frames=3")).toEqual(["setparams=colorspace=bt470bg:color_primaries=bt709", true]);
  const named = { ...task, video: { ...video, colour: { ...colour, transfer: "bt470bg" } } };
  const request = parseEncodeParams("-c:v libx265 -vf tmix=frames=3");
  expect(segmentArgs({ ...named, request }, io).join(" ")).toContain(
    "colorspace=bt470bg:color_primaries=bt709:color_trc=bt470bg",
  );
  expect(told("-c:v libx265 -vf lagfun -colorspace bt709")[0]).toBe("setparams=colorspace=bt709:color_primaries=bt709");
  expect(told("-c:v libx265 -vf colorspace=all=bt709")[1]).toBe(false);
  const scaled = { ...task, video, request: parseEncodeParams("-c:v libx265 -vf scale=w=64:h=64") };
  expect(segmentArgs(scaled, io)).toContain("-chroma_sample_location");
  expect(segmentArgs(scaled, io).join(" ")).not.toContain("chroma_location=");
  expect(segmentArgs(scaled, { ...io, saysChroma: true }).join(" ")).toContain("setparams=chroma_location=center[v]");
  const asked = parseEncodeParams("-c:v libx265 -chroma_sample_location topleft");
  const stated = segmentArgs({ ...task, video, request: asked }, { ...io, saysChroma: true });
  expect(stated.join(" ")).toContain("setparams=chroma_location=topleft[v]");
  expect(stated.filter((word) => word === "-chroma_sample_location")).toHaveLength(1);
  const usual = { ...video, colour: { ...colour, chromaLocation: "left" } };
  const args = segmentArgs({ ...task, video: usual, request: parseEncodeParams("-c:v libx265 -vf hqdn3d") }, io);
  expect(args).not.toContain("-chroma_sample_location");
});

describe("ranges without bounds", () => {
  test("a whole stream is neither sought nor trimmed", () => {
    const args = segmentArgs({ ...task, startPts: null, endPts: null, seekPts: null }, { ...io, threads: null });
    expect(args).not.toContain("-ss");
    expect(args).not.toContain("-threads");
    expect(args).toContain("[0:0]split[a][b];[a]null[v];[b]trim=end_frame=1[seam]");
  });
  test("the user's filters stand behind the trim", () => {
    expect(filterGraph({ ...task, startPts: null }, [scale])).toContain("[a]trim=end_pts=192192,scale=w=64:h=64[v]");
  });
  test("pictures that may share a time are spread by a tick each, before the user's filters", () => {
    const spread = "setpts=expr=if(isnan(PREV_OUTPTS)\\,PTS\\,max(PTS\\,PREV_OUTPTS+1))";
    expect(filterGraph({ ...task, startPts: null, spreadsPts: true }, [scale])).toContain(
      `[a]trim=end_pts=192192,${spread},scale=w=64:h=64[v]`,
    );
    expect(spreadPts([0, 0, 0, 2, 80])).toEqual([0, 1, 2, 3, 80]);
  });
  test("one run over everything keeps its times rising, whatever a single packet says; ffmpeg's own -r does that itself", () => {
    const index = new GrowingFrameIndex(task.timeBase, null);
    for (const pts of [0, 3000, 1000, 2000])
      index.add({
        pts,
        dts: pts === 0 ? 0 : 1000,
        duration: 1000,
        bytePosition: pts,
        isKey: pts === 0,
        isDiscarded: false,
      });
    index.finish();
    const file = { formatName: task.formatName, bytes: 4000, startMicroseconds: 0, durationMicroseconds: null };
    const info = { ...file, video: task.video, streams: [], chapterCount: 0 };
    const spreads = (params: string, startPts: number | null) =>
      planSegment({ info, index, grid: null }, parseEncodeParams(params), { startPts, endPts: null }, 0).spreadsPts;
    expect(spreads("-c:v libx264", null)).toBe(true);
    expect(spreads("-c:v libx264 -r 25", null)).toBeUndefined();
    expect(spreads("-c:v libx264", 1000)).toBeUndefined();
    // These would fail at two pictures of one time, before anyone can see that the times are not the planned ones.
    for (const encoder of ["mpeg2video", "mpeg4", "mjpeg"]) expect(spreads(`-c:v ${encoder}`, 1000)).toBe(true);
  });
  test("one run that makes the rate has no filter of ours where the encoder takes full range as it is", () => {
    const filters = (params: string, pixelFormat: string) => {
      const video = { ...task.video, pixelFormat, colour: { ...task.video.colour, range: "pc", space: "bt470bg" } };
      const request = parseEncodeParams(params);
      const args = segmentArgs({ ...task, video, request, startPts: null, endPts: null, cut: null }, io);
      return args.includes("-vf") ? args[args.indexOf("-vf") + 1] : null;
    };
    expect(filters("-c:v libx264 -r 24", "yuvj420p")).toBeNull();
    expect(filters("-c:v libx265 -r 24", "yuv444p")).toBeNull();
    expect(filters("-c:v libx264 -r 24", "yuv410p")).toContain("out_range=full");
    expect(filters("-c:v libvpx-vp9 -r 24", "yuvj420p")).toContain("out_range=full");
    expect(filters("-c:v libx264 -r 24 -vf hflip", "yuvj420p")).toContain("out_range=full");
  });
  test("the last segment hashes its first frame only", () => {
    expect<string>(joinFilters(seamChain(5, null))).toBe("trim=start_pts=5,trim=end_frame=1");
  });
});

test("alpha of VP9 goes through libvpx into WebM", () => {
  const request = { ...task.request, video: { ...task.request.video, encoder: "libvpx-vp9" } };
  const args = segmentArgs({ ...task, request, video: { ...task.video, codec: "vp9", hasAlpha: true } }, io);
  expect(args.slice(args.indexOf("-c:0"), args.indexOf("-c:0") + 2)).toEqual(["-c:0", "libvpx-vp9"]);
  expect(args).toContain("webm");
});

describe("segmentTaskSchema", () => {
  test("takes what the planner makes", () => {
    expect<unknown>(segmentTaskSchema.parse(JSON.parse(JSON.stringify(task)))).toEqual(task);
  });
  test("refuses demuxers off the list and unknown keys", () => {
    expect(segmentTaskSchema.safeParse({ ...task, formatName: "concat" }).success).toBe(false);
    expect(segmentTaskSchema.safeParse({ ...task, extra: "-vf" }).success).toBe(false);
    expect(segmentTaskSchema.safeParse({ ...task, startPts: 1.5 }).success).toBe(false);
  });
});

test("encoding on a device: opened before the input, frames uploaded last, the encoder told which", () => {
  const request = { ...task.request, video: { ...task.request.video, encoder: "h264_vaapi", pixelFormat: "nv12" } };
  const vaapi = segmentArgs({ ...task, request }, { ...io, device: { family: "vaapi", id: "/dev/dri/renderD129" } });
  expect(vaapi.slice(10, 14)).toEqual([
    ...["-init_hw_device", "vaapi=gpu:/dev/dri/renderD129", "-filter_hw_device", "gpu"],
  ]);
  expect(vaapi[vaapi.indexOf("-filter_complex") + 1]).toContain("end_pts=192192,format=pix_fmts=nv12,hwupload[v]");
  expect(vaapi).not.toContain("-pix_fmt");
  expect(vaapi).not.toContain("-hwaccel");
  const nvenc = { ...task.request, video: { ...task.request.video, encoder: "h264_nvenc" } };
  const args = segmentArgs({ ...task, request: nvenc }, { ...io, device: { family: "nvenc", id: "1" } }).join(" ");
  expect(args).toContain("-c:v h264_nvenc -forced-idr 1 -gpu 1 -fps_mode passthrough");
});

test("decoding on the device: named before the input, frames back in the source's own format for seams and filters", () => {
  const request = { ...task.request, video: { ...task.request.video, encoder: "h264_nvenc" } };
  const device = { family: "nvenc", id: "0" } as const;
  const args = segmentArgs({ ...task, request }, { ...io, device, decodesOnDevice: true });
  expect(args.join(" ")).toContain("-f mov -hwaccel cuda -hwaccel_device 0 -threads 1 -i http:");
  expect(args[args.indexOf("-filter_complex") + 1]).toStartWith("[0:0]format=pix_fmts=yuv420p,split[a][b];");
  const amf = segmentArgs({ ...task, request }, { ...io, device: { family: "amf", id: null }, decodesOnDevice: true });
  expect(amf[amf.indexOf("-filter_complex") + 1]).toStartWith("[0:0]split[a][b];");
});

test("where pictures change, all are made like the first one, before anything else, and filters stay as they are", () => {
  const picture = { width: 320, height: 180, pixelFormat: "yuv420p", sampleAspectRatio: null } as const;
  const args = segmentArgs({ ...task, picture }, io);
  expect(args.slice(args.indexOf("-i") - 2, args.indexOf("-i"))).toEqual(["-reinit_filter", "0"]);
  expect(args[args.indexOf("-filter_complex") + 1]).toStartWith(
    "[0:0]scale=w=320:h=180:flags=bicubic,format=pix_fmts=yuv420p,setsar=sar=0/1,split[a][b];[a]trim=",
  );
  expect(segmentTaskSchema.safeParse({ ...task, picture }).success).toBe(true);
  expect(segmentTaskSchema.safeParse({ ...task, picture: { ...picture, pixelFormat: "a,b" } }).success).toBe(false);
});

describe("the shape of the first picture's pixels, where the container leaves it to each picture", () => {
  const video = { ...task.video, sampleAspectRatio: { num: 1989, den: 1600 } };
  const graphOf = (of: SegmentTask) => segmentArgs(of, io)[segmentArgs(of, io).indexOf("-filter_complex") + 1];

  test("is stated before anything else, and not rounded", () => {
    expect(graphOf({ ...task, video, formatName: "mpegts" })).toStartWith(
      "[0:0]setsar=sar=1989/1600:max=1989,split[a][b];",
    );
    const small = { ...video, sampleAspectRatio: { num: 4, den: 3 } };
    expect(graphOf({ ...task, video: small, formatName: "avi" })).toStartWith("[0:0]setsar=sar=4/3,split[a][b];");
    const picture = { width: 320, height: 180, pixelFormat: "yuv420p", sampleAspectRatio: "1989:1600" } as const;
    expect(graphOf({ ...task, video, picture, formatName: "mpegts" })).toContain(
      "setsar=sar=1989/1600:max=1989,split[a]",
    );
  });

  test("is left alone where the container says it, nothing does, or filters run over everything", () => {
    expect(graphOf({ ...task, video })).toStartWith("[0:0]split");
    expect(graphOf({ ...task, formatName: "mpegts" })).toStartWith("[0:0]split");
    const whole = { ...task, video, formatName: "mpegts", startPts: null, endPts: null };
    expect(graphOf(whole)).toStartWith("[0:0]setsar=");
    expect(graphOf({ ...whole, request: parseEncodeParams("-c:v libx264 -vf yadif") })).toStartWith("[0:0]split");
  });
});

test("a transport stream that begins at zero says so, since 5.1 would count from another start", () => {
  const args = segmentArgs({ ...task, formatName: "mpegts" }, io);
  expect(args.slice(args.indexOf("-itsoffset"), args.indexOf("-itsoffset") + 2)).toEqual(["-itsoffset", "0.000001"]);
  expect(segmentArgs(task, io)).not.toContain("-itsoffset");
});

test("the range of a full-range picture is stated before and behind the filters, and the cut stays where it is", () => {
  const video = { ...task.video, pixelFormat: "yuvj420p", colour: { ...task.video.colour, range: "pc" } };
  const graphOf = (of: SegmentTask) => segmentArgs(of, io)[segmentArgs(of, io).indexOf("-filter_complex") + 1];
  const main = (of: SegmentTask) => graphOf(of)?.split(";")[1];
  const ffv1 = parseEncodeParams("-c:v ffv1");
  expect(main({ ...task, video, request: ffv1 })).toBe(
    "[a]trim=start_pts=96096:end_pts=192192,scale=out_range=full,setparams=range=limited[v]",
  );
  const fields = parseEncodeParams("-c:v libx264 -vf yadif");
  const cut = { after: 1, timeBase: task.timeBase, startPts: 96_096, endPts: 192_192 };
  expect(main({ ...task, video, request: fields, cut })).toBe(
    "[a]scale=out_range=full,yadif,settb=expr=1/24000,trim=start_pts=96096:end_pts=192192,scale=out_range=full[v]",
  );
  const hardware = { ...task, video, request: parseEncodeParams("-c:v hevc_vaapi") };
  const device = { family: "vaapi", id: null } as const;
  expect(segmentArgs(hardware, { ...io, device }).join(" ")).toContain(
    "trim=start_pts=96096:end_pts=192192,scale=out_range=full,format=pix_fmts=nv12,hwupload[v]",
  );
});
