// How many frames and bytes a segment can have by its plan. Pure.
import { AppError } from "../../../base/errors.ts";
import { toNumber } from "../../../base/rational.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { Segment } from "../../scheduler/model/segment.ts";

/** Four samples a pixel, as in RGB with alpha. */
const SAMPLES = 4;
/** No codec makes a picture much larger than its samples; one that is not able to press noise adds a few per cent. */
const SPARE = 1.5;
const SPARE_FRAMES = 16;
const SPARE_BYTES = 4 * 1024 * 1024;
/** Of one run over everything, where nobody has counted the frames that come out of the filters. */
const FASTEST = 1000;

type BoundedJob = Pick<Job, "settings" | "split" | "timeBase" | "frameRate">;
type BoundedSegment = Pick<Segment, "startPts" | "endPts" | "frames">;

/**
 * Twice what is planned; where nobody can plan it, what the highest rate gives. `fileStartUs`: the file's start on the
 * source's clock, microseconds: a rate shows the first picture from there on, however late it comes; null: not counted.
 */
export function mostFrames(
  { split, timeBase, frameRate }: BoundedJob,
  { startPts, endPts, frames }: BoundedSegment,
  fileStartUs: number | null = null,
): number {
  if (split.mode === "keyframes") return 2 * frames + SPARE_FRAMES;
  const begins = startPts * toNumber(timeBase);
  const lead = fileStartUs === null ? 0 : Math.max(0, begins - fileStartUs / 1e6);
  const seconds = endPts * toNumber(timeBase) - begins + lead;
  return 2 * Math.max(frames, seconds * Math.max(FASTEST, frameRate ?? 0)) + SPARE_FRAMES;
}

/** Bytes; infinity where the size of the pictures is not known beforehand. */
export function mostResultBytes(job: BoundedJob, segment: BoundedSegment): number {
  const { picture } = job.settings;
  const [, width, height] = /^(\d+)x(\d+)$/.exec(picture?.size ?? "") ?? [];
  if (picture === undefined || width === undefined || height === undefined) return Number.POSITIVE_INFINITY;
  const pictureBytes = Number(width) * Number(height) * SAMPLES * (picture.isDeep ? 2 : 1);
  return Math.ceil(mostFrames(job, segment) * pictureBytes * SPARE) + SPARE_BYTES;
}

/** Errors: E_TOO_LARGE. */
export function requirePlannedSize(job: BoundedJob, segment: BoundedSegment, bytes: number): void {
  const most = mostResultBytes(job, segment);
  if (bytes <= most) return;
  const message = `a segment of ${bytes} bytes is larger than its pictures, which take ${most} at most`;
  throw new AppError("E_TOO_LARGE", message, "Nothing encodes to that; look at the client's ffmpeg.");
}
