// What a job's bit rate means for the media layer: the bits that a segment's task asks for, and the rate that the finished
// output is checked against.
import { toNumber } from "../../../base/rational.ts";
import { type Buffer, onePassBuffer, sharedBuffer } from "../../../media/bitrate/segment-buffer.ts";
import type { BitrateTask } from "../../../media/model/bitrate-task.ts";
import type { EncodeRequest } from "../../../media/model/encode-request.ts";
import { bufferOf } from "../../../media/request/tables/encoder-passes.ts";
import type { RequestedBitrate } from "../../../media/verify/check-bitrate.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { Segment } from "../../scheduler/model/segment.ts";
import { isMeasuring } from "../../scheduler/sizing/segment-shares.ts";

/** Null: the task needs nothing beyond the request. */
export function bitrateTaskOf(job: Job, segment: Segment, request: EncodeRequest): BitrateTask | null {
  const seconds = (segment.endPts - segment.startPts) * toNumber(job.timeBase);
  if (seconds <= 0) return null;
  const buffer = hasNeighbours(job) ? askedBuffer(request) : null;
  if (job.rate === undefined) return buffer === null ? null : { pass: "only", ...onePassBuffer(buffer, seconds) };
  const { bitrate } = job.rate;
  if (isMeasuring(job, segment)) return { pass: "measure", bitrate, seconds };
  const targetBits = segment.rate?.targetBits ?? Math.round(bitrate * seconds);
  return {
    pass: "land",
    bitrate,
    seconds,
    targetBits,
    slackBits: segment.rate?.slackBits ?? 0,
    buffer: buffer === null ? null : sharedBuffer(buffer),
  };
}

function hasNeighbours(job: Job): boolean {
  return job.split.mode === "keyframes" && !(job.indexComplete && job.segments.length === 1);
}

function askedBuffer(request: EncodeRequest): Buffer | null {
  const { maxrate, bufsize } = bufferOf(request.video);
  return maxrate === null || bufsize === null ? null : { maxrate, bufsize };
}

/** The rate to check. With a quality, a bit rate is only an upper bound (libvpx, libaom), which nobody promises. */
export function requestedBitrate(job: Job, request: EncodeRequest): RequestedBitrate {
  const { bitrate, quality } = request.video;
  let ticks = 0;
  for (const segment of job.segments) ticks += segment.endPts - segment.startPts;
  return {
    bitrate: quality === null && bitrate !== null && bitrate > 0 ? bitrate : null,
    buffer: askedBuffer(request),
    seconds: Math.max(1e-6, ticks * toNumber(job.timeBase)),
  };
}

/** For the proof: how the bit rate was kept. */
export function bitrateNotes(job: Job): string[] {
  if (job.rate === undefined) return [];
  if (job.segments.length === 1) return ["the bit rate was kept over the whole video, in one segment"];
  return [
    "the bit rate was kept over the whole video: every segment was measured first, then the bits were shared out",
  ];
}
