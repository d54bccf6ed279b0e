// The clock that a job's encoders count in: the exact rate that the source's times are rounded from, as long as every frame
// stands on it; otherwise the clock that was chosen when the job was created.
import type { Rational } from "../../../base/rational.ts";
import type { FrameGrid } from "../../../media/index/frame-grid.ts";
import type { FrameIndex } from "../../../media/index/frame-index.ts";
import type { Job } from "../../scheduler/model/job.ts";
import type { JobRecord } from "./job-record.ts";

/** Null: the frames keep the source's own times. */
export function gridOf(index: FrameIndex, job: Pick<Job, "split">): FrameGrid | null {
  const isLeft = job.split.mode === "keyframes" && job.split.offGrid !== undefined;
  return isLeft || index.grid === null || index.grid.broken !== null ? null : index.grid;
}

export function clockOf(record: JobRecord, index: FrameIndex, job: Pick<Job, "split">): Rational {
  return gridOf(index, job)?.tick ?? record.encoderTimeBase;
}
