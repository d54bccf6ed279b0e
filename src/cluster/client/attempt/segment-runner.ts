// Encodes one segment on one slot: checks the task, opens the source, runs ffmpeg, describes the result. Decides
// nothing about queues, connections or uploads.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { sha256OfFile } from "../../../base/digest.ts";
import { AppError, errnoOf } from "../../../base/errors.ts";
import { throttled } from "../../../base/machine/throttle.ts";
import { isNoSpace, saysNoSpace } from "../../../base/no-space.ts";
import { eitherPaused, type Pausable } from "../../../base/process/pause.ts";
import { findFailure, type HardwareFailure } from "../../../hw/failures.ts";
import { type Measured, measureSegment } from "../../../media/bitrate/encode-at-bitrate.ts";
import type { EncodeDevice } from "../../../media/ffmpeg/encode-device.ts";
import type { Progress } from "../../../media/ffmpeg/progress.ts";
import { stallBounds } from "../../../media/ffmpeg/stall.ts";
import type { Tools } from "../../../media/ffmpeg/tools.ts";
import type { SegmentReport, SegmentTask } from "../../../media/model/segment.ts";
import { requireBoundedPictures } from "../../../media/request/args/picture-bounds.ts";
import { checkEncodeRequest } from "../../../media/request/parse/check-request.ts";
import type { EncodeOptions, EncodeOutcome } from "../../../media/segment/encode-segment.ts";
import { segmentTaskSchema } from "../../../media/segment/task-schema.ts";
import type { ClientMessage, Offer } from "../../protocol/messages.ts";
import type { SourceHandle } from "../../transfer/gateway/block-gateway.ts";
import type { FinishedResult } from "../ports.ts";
import type { SourceAccess } from "./source-access.ts";

export type EncodeSegment = (tools: Tools, task: SegmentTask, options: EncodeOptions) => Promise<EncodeOutcome>;
type FailureKind = Extract<ClientMessage, { type: "attempt-failed" }>["kind"];

export interface SegmentFailure {
  readonly kind: "failed";
  readonly failure: FailureKind;
  readonly reason: string;
  /** What the hardware encoder's error means, if it is a known one. */
  readonly hardware?: HardwareFailure;
  /** This machine's disk is full; the segment is not at fault. */
  readonly isFull?: boolean;
}

/** The outcome of a task that only measures. */
export interface SegmentMeasured {
  readonly kind: "measured";
  readonly bits: number;
  readonly frames: number;
  readonly seconds: number;
}

export type SegmentOutcome =
  | { readonly kind: "finished"; readonly result: FinishedResult }
  | SegmentMeasured
  | SegmentFailure;

export interface SegmentParts {
  readonly tools: Tools;
  readonly clientId: string;
  readonly encodeSegment: EncodeSegment;
  /** An encode without a sign of work for this long is given up. */
  readonly stallIdleMs: number;
  /** Decode on the device that encodes. */
  readonly hwDecode: boolean;
  /** Run ffmpeg at low priority. */
  readonly nice: boolean;
  readonly pausable: Pausable;
  /** Stops encodes for moments, so that the machine's part is not exceeded; absent: it does not. */
  readonly throttle?: Pausable | undefined;
}

export interface SegmentRun {
  /** Null: the CPU. */
  readonly device: EncodeDevice | null;
  /** Encoder threads. */
  readonly threads: number;
  /** Suspends this encode alone; absent: only all of them are. */
  readonly pausable?: Pausable | undefined;
  readonly offer: Offer;
  readonly task: SegmentTask;
  readonly access: SourceAccess;
  /** The way through the gateway; used when the access says so. */
  readonly source: SourceHandle;
  /** Absolute paths of the offer's burn-in files. */
  readonly burnInFiles: readonly string[];
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** ffmpeg's error text can be long; the protocol's bound is 8192. */
const LONGEST_REASON = 4000;

/** The client's own check of an offered task, by the media layer's rules; answers the reason when it refuses. */
export function checkTask(offer: Offer): SegmentTask | { readonly refused: string } {
  const parsed = segmentTaskSchema.safeParse(offer.task);
  if (!parsed.success) return { refused: `the task is not allowed: ${z.prettifyError(parsed.error)}` };
  try {
    checkEncodeRequest(parsed.data.request);
    requireBoundedPictures(parsed.data.video, parsed.data.request);
    return parsed.data;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { refused: thrown.message };
  }
}

export function segmentFolder(identityFolder: string, attemptId: string): string {
  return join(identityFolder, `segment_${attemptId}`);
}

/** Does not throw for problems with source, disk or encoder; throws the abort reason when stopped. */
export async function runSegment(parts: SegmentParts, run: SegmentRun): Promise<SegmentOutcome> {
  const { offer, access, source, signal } = run;
  if (access.kind === "refused") return failed("source", access.reason);
  const input =
    access.kind === "direct"
      ? ({ input: access.path, inputKind: "file" } as const)
      : ({ input: source.url, inputKind: "http" } as const);
  const pausable = pausableOf(parts, run);
  try {
    const watch = { stall: stallBounds(parts.stallIdleMs), isWaiting: () => source.isWaiting() };
    const options = {
      ...input,
      ...watch,
      workDir: run.folder,
      device: run.device,
      nice: parts.nice,
      pausable,
      hwDecode: parts.hwDecode,
      threads: run.threads,
      signal,
      onProgress: run.onProgress,
      burnInFiles: run.burnInFiles,
    };
    const isMeasuring = run.task.rate?.pass === "measure";
    const outcome = await (isMeasuring ? measureSegment : parts.encodeSegment)(parts.tools, run.task, options);
    signal.throwIfAborted();
    // Checked first: ffmpeg may take a source that broke off for one that ended.
    const cut = access.kind === "gateway" ? source.failure() : null;
    if (cut) return failed("source", cut.message);
    if (!outcome.ok && outcome.stalled) return failed("stalled", outcome.reason);
    const hardware = !outcome.ok && run.device !== null ? findFailure(outcome.stderr ?? outcome.reason) : null;
    if (!outcome.ok && hardware !== null) return { ...failed("encode", outcome.reason), hardware };
    const isFull = !outcome.ok && saysNoSpace(outcome.stderr ?? outcome.reason);
    if (!outcome.ok) return isFull ? full(outcome.reason) : failed("encode", outcome.reason);
    if ("bits" in outcome) return measuredOf(outcome);
    return { kind: "finished", result: await describe(parts.clientId, offer, outcome.path, outcome.report) };
  } catch (thrown) {
    signal.throwIfAborted();
    if (isNoSpace(thrown)) return full(String(thrown));
    if (errnoOf(thrown) === null) throw thrown;
    return failed("io", thrown instanceof Error ? thrown.message : String(thrown));
  } finally {
    pausable.release();
  }
}

function pausableOf({ pausable, throttle }: SegmentParts, run: SegmentRun): Pausable & { release(): void } {
  const held = run.pausable === undefined ? { ...pausable, release() {} } : eitherPaused(pausable, run.pausable);
  if (throttle === undefined) return held;
  const both = throttled(held, throttle);
  return {
    ...both,
    release() {
      both.release();
      held.release();
    },
  };
}

function measuredOf({ bits, frames, seconds }: Measured): SegmentMeasured {
  return { kind: "measured", bits, frames, seconds };
}

export function failed(failure: FailureKind, reason: string): SegmentFailure {
  return { kind: "failed", failure, reason: reason.slice(-LONGEST_REASON) };
}

/** The segment is given back and has not failed: another machine may have space. */
export function full(reason: string): SegmentFailure {
  return { ...failed("stopped", `its disk is full: ${reason}`), isFull: true };
}

async function describe(clientId: string, offer: Offer, path: string, report: SegmentReport): Promise<FinishedResult> {
  const [{ size }, sha256] = await Promise.all([stat(path), sha256OfFile(path)]);
  const { frames, seconds, encoder, ffmpegVersion, seamStart, seamAfterEnd } = report;
  const { decoded, sourceFrames, sourceTimes, videoBytes } = report;
  const decodeErrors = report.decodeErrors.slice(0, 5).map((text) => text.slice(0, 300));
  return {
    attemptId: offer.attemptId,
    clientId,
    jobId: offer.jobId,
    path,
    report: {
      clientId,
      secret: offer.secret,
      sha256,
      bytes: size,
      frames,
      seconds,
      encoder,
      ffmpegVersion,
      seamStart,
      seamAfterEnd,
      decodeErrors,
      ...(decoded === undefined ? {} : { decoded }),
      ...(sourceFrames === undefined ? {} : { sourceFrames }),
      ...(sourceTimes === undefined ? {} : { sourceTimes }),
      ...(videoBytes === undefined ? {} : { videoBytes }),
    },
  };
}
