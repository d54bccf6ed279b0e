// The encoder's part of every run's argument list, whole, for each encoder that a rate can be shared out for.
import { expect, test } from "bun:test";
import type { SegmentTask } from "../model/segment.ts";
import { bitrateGoalOf } from "../request/args/bitrate-requests.ts";
import { parseEncodeParams } from "../request/parse/parse-params.ts";
import { passesOf } from "../request/tables/encoder-passes.ts";
import { segmentArgs } from "../segment/segment-args.ts";
import { firstRun, isTooLow, measuringRun, type PassRun, type TargetTask, targetRun, wordsFor } from "./pass-runs.ts";

const RATE: TargetTask = {
  pass: "land",
  bitrate: 1_000_000,
  seconds: 4,
  targetBits: 3_200_000,
  slackBits: 1,
  buffer: null,
};
const FRAME_CLOCK = { tick: { num: 1, den: 25 }, from: 0 };
const BUFFER = { maxrate: 1_500_000, bufsize: 750_000 };

function taskFor(params: string): SegmentTask {
  return {
    streamIndex: 0,
    formatName: "mov,mp4",
    timeBase: { num: 1, den: 12_800 },
    startPts: 0,
    endPts: 51_200,
    clockOffsetUs: 0,
    seekPts: null,
    cut: null,
    expectedFrames: 100,
    encoderTimeBase: { num: 1, den: 12_800 },
    request: parseEncodeParams(params),
    video: {
      streamIndex: 0,
      codec: "h264",
      profile: "High",
      width: 640,
      height: 360,
      pixelFormat: "yuv420p",
      timeBase: { num: 1, den: 12_800 },
      realFrameRate: { num: 25, den: 1 },
      averageFrameRate: { num: 25, den: 1 },
      sampleAspectRatio: null,
      fieldOrder: "progressive",
      rotationDegrees: 0,
      hasAlpha: false,
      colour: { range: null, space: null, transfer: null, primaries: null, chromaLocation: null },
    },
    byteRange: null,
  };
}

/** From the encoder's name up to the seam's output, as one line; what never changes left out. */
function words({ task, encoderArgs }: PassRun): string {
  const io = {
    input: "file:/s",
    inputKind: "file",
    output: "file:/o",
    seamFile: "file:/m",
    countFile: "file:/c",
    threads: 1,
  } as const;
  const args = segmentArgs(task, { ...io, encoderArgs });
  const from = args.indexOf("-c:v");
  return args.slice(from, args.indexOf("-map_metadata")).join(" ");
}

/** Measured, first pass, second pass at the segment's share. */
function runsOf(params: string, isEven = true): string[] {
  const measured = taskFor(params);
  const passes = passesOf(measured.request.video.encoder);
  if (passes === null) throw new Error(`${params} has no passes`);
  const task = isEven && passes.clock !== undefined ? { ...measured, frameClock: FRAME_CLOCK } : measured;
  const bounded = bitrateGoalOf(measured.request)?.maxrate == null ? RATE : { ...RATE, buffer: BUFFER };
  const way = wordsFor(task, passes);
  return [
    words(measuringRun(measured, RATE.bitrate, passes, "/w")),
    ...(way === "none" ? [] : [words(firstRun(task, bounded, passes, "/w"))]),
    words(targetRun(task, bounded, bounded.targetBits / bounded.seconds, way, "/w")),
  ];
}

const FINE = "-fps_mode passthrough -enc_time_base 1/12800";
const FRAMES = "-fps_mode passthrough -enc_time_base 1/25";
const ROWS: readonly { readonly params: string; readonly fine?: true; readonly runs: readonly string[] }[] = [
  {
    params: "-c:v libx264 -preset slow -b:v 1M",
    runs: [
      `-c:v libx264 -crf 15 -preset slow -threads 1 -pass 1 -passlogfile /w/pass ${FINE} -bsf:v dump_extra`,
      `-c:v libx264 -crf 15 -preset slow -threads 1 -pass 1 -passlogfile /w/pass ${FINE} -bsf:v dump_extra`,
      `-c:v libx264 -b:v 800000 -preset slow -threads 1 -pass 2 -passlogfile /w/pass ${FINE} -bsf:v dump_extra`,
    ],
  },
  {
    params: "-c:v libx264 -b:v 1M -maxrate 1500k -bufsize 1500k",
    runs: [
      `-c:v libx264 -crf 15 -threads 1 -pass 1 -passlogfile /w/pass ${FINE} -bsf:v dump_extra`,
      `-c:v libx264 -crf 15 -threads 1 -pass 1 -passlogfile /w/pass ${FINE} -bsf:v dump_extra`,
      `-c:v libx264 -b:v 800000 -maxrate 1500000 -bufsize 750000 -threads 1 -pass 2 -passlogfile /w/pass ${FINE} -bsf:v dump_extra`,
    ],
  },
  {
    params: "-c:v libx265 -preset fast -b:v 1M",
    runs: [
      `-c:v libx265 -crf 18 -preset fast -x265-params pass=1:stats=/w/pass.x265:slow-firstpass=0:open-gop=0:pools=1:frame-threads=1 ${FINE} -bsf:v dump_extra`,
      `-c:v libx265 -crf 18 -preset fast -x265-params pass=1:stats=/w/pass.x265:slow-firstpass=0:open-gop=0:pools=1:frame-threads=1 ${FINE} -bsf:v dump_extra`,
      `-c:v libx265 -b:v 800000 -preset fast -x265-params pass=2:stats=/w/pass.x265:open-gop=0:pools=1:frame-threads=1 ${FINE} -bsf:v dump_extra`,
    ],
  },
  {
    params: "-c:v libx265 -b:v 1M -x265-params vbv-maxrate=1500:vbv-bufsize=1500:aq-mode=3",
    runs: [
      `-c:v libx265 -crf 18 -x265-params aq-mode=3:pass=1:stats=/w/pass.x265:slow-firstpass=0:open-gop=0:pools=1:frame-threads=1 ${FINE} -bsf:v dump_extra`,
      `-c:v libx265 -crf 18 -x265-params aq-mode=3:pass=1:stats=/w/pass.x265:slow-firstpass=0:open-gop=0:pools=1:frame-threads=1 ${FINE} -bsf:v dump_extra`,
      `-c:v libx265 -b:v 800000 -maxrate 1500000 -bufsize 750000 -x265-params aq-mode=3:pass=2:stats=/w/pass.x265:open-gop=0:pools=1:frame-threads=1 ${FINE} -bsf:v dump_extra`,
    ],
  },
  {
    params: "-c:v libvpx -b:v 1M -cpu-used 2",
    runs: [
      `-c:v libvpx -crf 21 -b:v 0 -deadline realtime -cpu-used 8 -threads 1 ${FINE}`,
      `-c:v libvpx -b:v 800000 -cpu-used 2 -threads 1 -pass 1 -passlogfile /w/pass ${FRAMES}`,
      `-c:v libvpx -b:v 800000 -cpu-used 2 -threads 1 -pass 2 -passlogfile /w/pass ${FRAMES}`,
    ],
  },
  {
    params: "-c:v libvpx-vp9 -b:v 1M -row-mt 1 -deadline good -cpu-used 3",
    runs: [
      `-c:v libvpx-vp9 -crf 21 -b:v 0 -row-mt 1 -deadline realtime -cpu-used 8 -threads 1 ${FINE}`,
      `-c:v libvpx-vp9 -b:v 800000 -row-mt 1 -deadline good -cpu-used 3 -threads 1 -pass 1 -passlogfile /w/pass ${FRAMES}`,
      `-c:v libvpx-vp9 -b:v 800000 -row-mt 1 -deadline good -cpu-used 3 -threads 1 -pass 2 -passlogfile /w/pass ${FRAMES}`,
    ],
  },
  {
    params: "-c:v libvpx-vp9 -b:v 1M",
    fine: true,
    runs: [
      `-c:v libvpx-vp9 -crf 21 -b:v 0 -deadline realtime -cpu-used 8 -threads 1 ${FINE}`,
      `-c:v libvpx-vp9 -b:v 800000 -threads 1 ${FINE}`,
    ],
  },
  {
    params: "-c:v libaom-av1 -b:v 1M -cpu-used 6",
    runs: [
      `-c:v libaom-av1 -crf 21 -b:v 0 -cpu-used 8 -threads 1 ${FINE}`,
      `-c:v libaom-av1 -b:v 800000 -cpu-used 6 -threads 1 -pass 1 -passlogfile /w/pass ${FRAMES}`,
      `-c:v libaom-av1 -b:v 800000 -cpu-used 6 -threads 1 -pass 2 -passlogfile /w/pass ${FRAMES}`,
    ],
  },
  {
    params: "-c:v libsvtav1 -preset 8 -b:v 1M",
    runs: [
      `-c:v libsvtav1 -crf 21 -preset 12 -svtav1-params lp=1 ${FINE}`,
      `-c:v libsvtav1 -b:v 800000 -preset 8 -svtav1-params lp=1 ${FINE}`,
    ],
  },
  {
    params: "-c:v mpeg4 -b:v 1M",
    runs: [`-c:v mpeg4 -q:v 2 -threads 1 ${FINE}`, `-c:v mpeg4 -b:v 800000 -threads 1 -bt 200000 ${FRAMES}`],
  },
  {
    params: "-c:v libvpx-vp9 -b:v 1M -deadline realtime -cpu-used 7",
    runs: [
      `-c:v libvpx-vp9 -crf 21 -b:v 0 -deadline realtime -cpu-used 8 -threads 1 ${FINE}`,
      `-c:v libvpx-vp9 -b:v 800000 -deadline realtime -cpu-used 7 -threads 1 ${FRAMES}`,
    ],
  },
  {
    params: "-c:v mpeg2video -b:v 1M -maxrate 1500k -bufsize 1500k",
    runs: [
      `-c:v mpeg2video -q:v 2 -threads 1 ${FINE}`,
      `-c:v mpeg2video -b:v 800000 -maxrate 1500000 -bufsize 750000 -threads 1 -bt 200000 ${FRAMES}`,
    ],
  },
  {
    params: "-c:v h264_nvenc -preset p5 -b:v 1M -maxrate 1500k -bufsize 1500k",
    runs: [
      `-c:v h264_nvenc -qp 18 -preset p5 -forced-idr 1 ${FINE} -bsf:v dump_extra`,
      `-c:v h264_nvenc -b:v 800000 -maxrate 1500000 -bufsize 750000 -preset p5 -forced-idr 1 ${FINE} -bsf:v dump_extra`,
    ],
  },
  {
    params: "-c:v hevc_vaapi -b:v 1M",
    runs: [
      `-c:v hevc_vaapi -qp 18 -idr_interval 0 ${FINE} -bsf:v dump_extra`,
      `-c:v hevc_vaapi -b:v 800000 -idr_interval 0 ${FINE} -bsf:v dump_extra`,
    ],
  },
  {
    params: "-c:v h264_qsv -b:v 1M",
    runs: [
      `-c:v h264_qsv -global_quality 18 -forced_idr 1 -idr_interval 0 -flags +cgop ${FINE} -bsf:v dump_extra`,
      `-c:v h264_qsv -b:v 800000 -forced_idr 1 -idr_interval 0 -flags +cgop ${FINE} -bsf:v dump_extra`,
    ],
  },
];

for (const { params, fine, runs } of ROWS)
  test(`${params}${fine === true ? ", frames at uneven times" : ""}`, () =>
    expect(runsOf(params, fine !== true)).toEqual([...runs]));

test("a second pass that refuses its target is known by all that ffmpeg said", () => {
  const stderr = `[libx264 @ 0x1] requested bitrate is too low. estimated minimum is 124 kbps
[h264 @ 0x2] a
[h264 @ 0x2] b
[h264 @ 0x2] c
`;
  expect(isTooLow({ reason: "[h264] a | [h264] b | [h264] c", stderr })).toBe(true);
  expect(isTooLow({ reason: "[libx264] requested bitrate is too low. estimated minimum is 124 kbps" })).toBe(true);
  expect(isTooLow({ reason: "stopped" })).toBe(false);
});
