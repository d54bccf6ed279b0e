// How much work is left of a job, in seconds of one slot. An estimate, to compare jobs with each other.
import { firstUnassignedGop } from "../ability/capability.ts";
import { roughPixelRate } from "../ability/encoders.ts";
import type { JobId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import { tallyOf } from "../model/segment-tally.ts";
import type { Turn } from "../model/turn.ts";
import { ENCODE_SLOWDOWN } from "./segment-shares.ts";
import { knownUnassignedFrames, unassignedFrames } from "./sizing.ts";
import { rememberedFps } from "./speeds.ts";

const PIXELS_WHEN_UNKNOWN = 1920 * 1080;

/** By the speeds measured on this job, else on earlier ones with the same encoder, else by the table. */
export function slotSecondsPerFrame(turn: Turn, job: Job): number {
  let sum = 0;
  let count = 0;
  let rememberedSum = 0;
  let remembered = 0;
  for (const client of turn.clients.values()) {
    if (client.status === "Disconnected") continue;
    const measured = client.slotFps[job.id];
    if (measured !== undefined && measured > 0) {
      sum += measured;
      count++;
    }
    const before = rememberedFps(client, job, job.encoder);
    if (before !== null && before > 0) {
      rememberedSum += before;
      remembered++;
    }
  }
  const { picture } = job.settings;
  const pixels = picture === undefined ? PIXELS_WHEN_UNKNOWN : Math.max(1, picture.width * picture.height);
  const fps =
    count > 0 ? sum / count : remembered > 0 ? rememberedSum / remembered : roughPixelRate(job.encoder) / pixels;
  return (job.rate === undefined ? 1 : 1 + ENCODE_SLOWDOWN) / fps;
}

/** Frames that each job has in live attempts and that are not encoded yet. */
export function framesRunning(turn: Turn): ReadonlyMap<JobId, number> {
  const frames = new Map<JobId, number>();
  for (const { jobId, segmentIndex, framesDone, stage } of turn.attempts.values()) {
    if (stage === "uploading") continue;
    const all = turn.jobs.get(jobId)?.segments[segmentIndex]?.frames ?? 0;
    frames.set(jobId, (frames.get(jobId) ?? 0) + Math.max(0, all - framesDone));
  }
  return frames;
}

/** Frames that no client has yet, with an estimate of those that the index has not reached. */
export function framesWaiting(job: Job): number {
  let frames = unassignedFrames(job, knownUnassignedFrames(job, firstUnassignedGop(job)));
  for (const kind of ["pending", "measured"] as const)
    for (const at of tallyOf(job).placesOf(kind)) frames += job.segments[at]?.frames ?? 0;
  return frames;
}
