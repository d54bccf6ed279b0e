// The part of the façade that shows an output beside its source: what is known of its quality, and single pictures.
import { AppError } from "../../../base/errors.ts";
import { exists } from "../../../base/files.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import { burnInPaths } from "../../../media/subtitles/burn-in-files.ts";
import { readFrame } from "../../../media/verify/picture/one-frame.ts";
import { holdSource } from "../job/held-source.ts";
import type { JobFolders } from "../job/job-folders.ts";
import type { JobRecord } from "../job/job-record.ts";
import type { RemoteReader } from "../job/remote-reader.ts";
import { objectionTo } from "../job/unchanged-source.ts";
import type { JobRegistry } from "../job-registry.ts";
import { type KeptFramePlan, readFramePlan } from "../pipeline/frame-plan-file.ts";
import type { Coordinator, FrameWanted } from "../ports.ts";
import type { ComparisonView } from "../views.ts";
import { FrameQueue } from "./frame-queue.ts";

type FrameCalls = Pick<Coordinator, "comparison" | "frame">;

export interface FrameCallsParts {
  readonly tools: Tools;
  readonly folders: JobFolders;
  readonly registry: JobRegistry;
  readonly remote: RemoteReader;
  readonly output: Coordinator["output"];
}

const MOST_TIMES = 500;

export function frameCalls(parts: FrameCallsParts): FrameCalls {
  const { folders, registry } = parts;
  const queue = new FrameQueue();
  const planOf = async (jobId: string): Promise<KeptFramePlan> => {
    const plan = await readFramePlan(folders.of(jobId));
    if (plan !== null) return plan;
    const hint = "Jobs of version 0.1 and later have them, from their completion until their files are removed.";
    throw new AppError("E_WRONG_STATE", `job ${jobId} has no pictures to compare`, hint);
  };
  return {
    async comparison(id) {
      const { job, record } = registry.find(id);
      const plan = await planOf(job.id);
      const gone = plan.reason === null ? await whyGone(parts, record, plan) : null;
      return viewOf(plan, gone?.message ?? null);
    },
    async frame(id, wanted, who, signal) {
      const { job, record } = registry.find(id);
      const { path } = await parts.output(job.id);
      const plan = await planOf(job.id);
      requireFrame(plan, wanted);
      const key = `${job.id} ${wanted.side} ${wanted.frame}`;
      return await queue.run(who.tokenId, key, signal, () =>
        wanted.side === "output"
          ? readFrame(parts.tools, { plan, ...wanted, path, signal })
          : sourceFrame(parts, record, plan, wanted, signal),
      );
    },
  };
}

/** Errors: E_NOT_FOUND, E_WRONG_STATE. */
function requireFrame({ frames, reason }: KeptFramePlan, { frame }: FrameWanted): void {
  if (reason !== null) throw new AppError("E_WRONG_STATE", `its pictures can't be shown: ${reason}`, "Download it.");
  if (frame < frames) return;
  throw new AppError("E_NOT_FOUND", `the output has ${frames} pictures, none of number ${frame}`, "They count from 0.");
}

/** Why the source's pictures can't be read any more; null: they can. */
async function whyGone(parts: FrameCallsParts, record: JobRecord, plan: KeptFramePlan): Promise<AppError | null> {
  const own = [...(plan.isRemuxed ? [parts.folders.of(record.jobId).video] : []), ...sideFiles(plan)];
  const isOwn = record.source.kind === "uploaded" || record.corrected !== undefined;
  const here = await Promise.all([...own, ...(isOwn ? [record.source.path] : [])].map(exists));
  if (here.includes(false)) {
    const message =
      "the source is no longer on the server: it keeps what was uploaded for a day after the job, while there is room";
    return new AppError("E_SOURCE_MISSING", message, "Submit it again to compare; the output can still be looked at.");
  }
  return plan.isRemuxed || isOwn ? null : await objectionTo(record.source, parts.remote, "known");
}

function sideFiles({ task }: KeptFramePlan): string[] {
  return task.request === undefined ? [] : burnInPaths(task.request);
}

/** Errors: E_SOURCE_MISSING, E_SOURCE_CHANGED, those of readFrame. */
async function sourceFrame(
  parts: FrameCallsParts,
  record: JobRecord,
  plan: KeptFramePlan,
  wanted: FrameWanted,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const gone = await whyGone(parts, record, plan);
  if (gone !== null) throw gone;
  const { tools, remote, folders } = parts;
  if (plan.isRemuxed) return await readFrame(tools, { plan, ...wanted, path: folders.of(record.jobId).video, signal });
  await using held = await holdSource({ tools, remote }, record.source, record.blockBytes);
  return await readFrame(tools, { plan, ...wanted, path: held.path, signal });
}

function viewOf(plan: KeptFramePlan, sourceGone: string | null): ComparisonView {
  const [num, den] = [plan.timeBase.num, plan.timeBase.den];
  const first = plan.keys[0]?.pts ?? 0;
  const step = Math.max(1, Math.ceil(plan.keys.length / MOST_TIMES));
  const times = plan.keys
    .filter((_, number) => number % step === 0)
    .map(({ position, pts }) => ({ frame: position, seconds: ((pts - first) * num) / den }));
  return {
    frames: plan.frames,
    seconds: plan.seconds,
    width: plan.width,
    height: plan.height,
    pixel_shape: plan.pixelShape,
    reason: plan.reason,
    source_gone: sourceGone,
    times,
    scores: plan.scores,
    every_picture: plan.isEvery,
    bitrate: plan.bitrate,
  };
}
