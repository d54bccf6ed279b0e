// Who keeps a segment's times rising: a filter before all others (cut-range.ts), or ffmpeg's output stage.
import type { FrameIndex } from "../index/frame-index.ts";
import type { SegmentTask } from "../model/segment.ts";

/**
 * Where filters are set up anew in the middle of one run, a filter forgets the last time: the picture behind the change
 * may have the time of the one before it. ffmpeg's output stage forgets nothing, and is what a plain run has. Elsewhere
 * the filter stays, since the output stage drops a picture whose time lies as far back as it lasts.
 * `whySetUpAnew`: asked only where times may fall together; null: they are not set up anew.
 */
export async function keptRising(
  task: SegmentTask,
  index: Pick<FrameIndex, "uncounted" | "hasShownBehindKey" | "seekable">,
  whySetUpAnew: () => Promise<string | null>,
): Promise<SegmentTask> {
  if (task.startPts !== null || task.endPts !== null || task.spreadsPts !== true) return task;
  const mayFallTogether = index.uncounted.samePts > 0;
  const mayGoBack = !index.seekable || index.hasShownBehindKey;
  if (!mayFallTogether || mayGoBack || (await whySetUpAnew()) === null) return task;
  return { ...task, spreadsPts: false, isVfr: true };
}
