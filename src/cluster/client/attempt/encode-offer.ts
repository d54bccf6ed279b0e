// Encodes an offered segment: opens its source and burn-in files, waits for a slot, runs the encode there. Closes what it
// opened, however the encode ends.
import { AppError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import type { SegmentTask } from "../../../media/model/segment.ts";
import type { Offer, SourceOffer } from "../../protocol/messages.ts";
import type { SourceGateway } from "../../transfer/gateway/block-gateway.ts";
import type { Work } from "../slots/cpu-slots.ts";
import type { EncodePlaces } from "../slots/encode-places.ts";
import type { BurnInFiles, BurnInFilesHandle } from "./burn-in-files.ts";
import { withDeviceFailover } from "./device-failover.ts";
import { holdAccess } from "./held-access.ts";
import {
  failed,
  runSegment,
  type SegmentFailure,
  type SegmentOutcome,
  type SegmentParts,
  type SegmentRun,
} from "./segment-runner.ts";
import type { SourceAccess } from "./source-access.ts";

export interface EncodeParts {
  readonly gateway: SourceGateway;
  readonly burnInFiles: BurnInFiles;
  readonly places: EncodePlaces;
  readonly segment: SegmentParts;
  readonly log: Log;
  accessTo(source: SourceOffer): Promise<SourceAccess>;
}

export interface OfferedEncode extends Pick<SegmentRun, "offer" | "task" | "folder" | "signal" | "onProgress"> {
  /** The encode begins on a slot; called again when it begins on another device. */
  readonly onBegin: () => void;
}

/** Throws the abort reason when stopped; whatever else goes wrong with source, disk or encoder is an outcome. */
export async function encodeOffer(parts: EncodeParts, encode: OfferedEncode): Promise<SegmentOutcome> {
  const { offer, task, folder, signal, onBegin, onProgress } = encode;
  await using held = await holdAccess(parts.segment.tools, offer.source, await parts.accessTo(offer.source));
  const { access } = held;
  const source = parts.gateway.open(offer.source);
  try {
    const burnIn = await openBurnInFiles(parts.burnInFiles, offer, signal);
    if ("kind" in burnIn) return burnIn;
    try {
      if (access.kind === "gateway" && task.byteRange) source.prefetch(task.byteRange);
      const failover = { places: parts.places, log: parts.log, attemptId: offer.attemptId, signal };
      const outcome = await withDeviceFailover(failover, workOf(offer, task), ({ device, threads, made, pausable }) => {
        onBegin();
        return runSegment(parts.segment, {
          offer,
          task,
          device,
          threads,
          pausable,
          access,
          source,
          folder,
          signal,
          burnInFiles: burnIn.paths,
          onProgress(progress) {
            made(progress.frames);
            onProgress(progress);
          },
        });
      });
      return await held.judge(outcome);
    } finally {
      burnIn.release();
    }
  } finally {
    source.release();
  }
}

async function openBurnInFiles(
  files: BurnInFiles,
  offer: Offer,
  signal: AbortSignal,
): Promise<BurnInFilesHandle | SegmentFailure> {
  try {
    return await files.open(offer, signal);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return failed("source", thrown.message);
  }
}

function workOf(
  { jobId, isUrgent = false, isFollowed = false }: Offer,
  { request, rate, video: { width, height } }: SegmentTask,
): Work {
  const { encoder, preset } = request.video;
  return { jobId, pass: rate?.pass ?? "only", encoder, preset, width, height, isUrgent, isFollowed };
}
