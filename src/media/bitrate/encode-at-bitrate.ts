// Runs a segment with a bit rate task: measures it, or encodes it to its share of the bits, in two local passes where
// the encoder supports them, and again if it missed. The server decides the share.
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { startWorkTimer } from "../../base/process/pause.ts";
import { toNumber } from "../../base/rational.ts";
import { renameWhenFree } from "../../base/windows/busy-files.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SegmentTask } from "../model/segment.ts";
import { boundedRequest } from "../request/args/bitrate-requests.ts";
import { passesOf } from "../request/tables/encoder-passes.ts";
import { type EncodeOptions, type EncodeOutcome, encodeSegment } from "../segment/encode-segment.ts";
import { nextBitrate, type Try } from "./next-bitrate.ts";
import { bitsInListing, readPackets, sumBits } from "./packet-bits.ts";
import { firstRun, isTooLow, measuringRun, type PassRun, type TargetTask, targetRun, wordsFor } from "./pass-runs.ts";

/** The most second passes; each is aimed by how far the earlier ones missed. */
const MOST_TRIES = 5;
/** Two sizes this close at different rates: the pictures take this size, whatever the target. */
const SAME = 0.003;
const SEGMENT_FORMATS = "nut,matroska,webm";
/** Share of the work that is done after each run, so that progress rises through all of them. */
const DONE_AFTER = [0.2, 0.85, 0.93, 0.97, 0.99, 1] as const;

export interface Measured {
  readonly ok: true;
  readonly bits: number;
  readonly frames: number;
  readonly seconds: number;
}

export type MeasureOutcome = Measured | Extract<EncodeOutcome, { ok: false }>;

/** Encodes a segment of any task that is kept. */
export async function encodeAtBitrate(tools: Tools, task: SegmentTask, options: EncodeOptions): Promise<EncodeOutcome> {
  const { rate } = task;
  if (rate === undefined || rate.pass === "measure") return await encodeSegment(tools, task, options);
  if (rate.pass === "only") {
    return await encodeSegment(tools, { ...task, request: boundedRequest(task.request, rate) }, options);
  }
  return await encodeToTarget(tools, task, rate, options);
}

/** Bits of the segment at the measuring quality; for an encoder that can't be measured, estimated from the duration. */
export async function measureSegment(tools: Tools, task: SegmentTask, options: EncodeOptions): Promise<MeasureOutcome> {
  const { rate, request } = task;
  if (rate?.pass !== "measure") throw new Error("the task does not say at which rate to measure");
  const passes = passesOf(request.video.encoder);
  if (passes === null) {
    return { ok: true, bits: Math.round(rate.bitrate * rate.seconds), frames: task.expectedFrames ?? 0, seconds: 0 };
  }
  return await countRun(tools, measuringRun(task, rate.bitrate, passes, options.workDir), options);
}

/** A run of which only the packets' sizes are kept. */
async function countRun(tools: Tools, { task, encoderArgs }: PassRun, options: EncodeOptions): Promise<MeasureOutcome> {
  const run = { encoderArgs, format: "framecrc" as const, fileName: "packets.txt" };
  const outcome = await encodeSegment(tools, task, { ...options, run });
  if (!outcome.ok) return outcome;
  const { frames, seconds } = outcome.report;
  return { ok: true, bits: await bitsInListing(outcome.path), frames, seconds };
}

type Encoded = Extract<EncodeOutcome, { ok: true }>;

async function encodeToTarget(
  tools: Tools,
  task: SegmentTask,
  rate: TargetTask,
  options: EncodeOptions,
): Promise<EncodeOutcome> {
  const passes = passesOf(task.request.video.encoder);
  if (passes === null) return await encodeSegment(tools, task, options);
  const worked = startWorkTimer(options.pausable);
  await mkdir(options.workDir, { recursive: true });
  let bitrate = rate.targetBits / rate.seconds;
  let words = wordsFor(task, passes);
  if (words !== "none") {
    const run = firstRun(task, rate, passes, options.workDir);
    const first = await countRun(tools, run, inPart(options, task, rate, 0));
    if (!first.ok) return first;
  }
  let best: { readonly outcome: Encoded; readonly bits: number } | null = null;
  const tries: Try[] = [];
  for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
    const run = targetRun(task, rate, bitrate, words, options.workDir);
    const outcome = await encodeSegment(tools, run.task, {
      ...inPart(options, task, rate, attempt),
      workDir: join(options.workDir, `try-${attempt}`),
      run: { encoderArgs: run.encoderArgs, sharedDir: options.workDir },
    });
    if (!outcome.ok && words !== "none" && isTooLow(outcome)) {
      words = "none";
      continue;
    }
    if (!outcome.ok) return outcome;
    // Without a frame there is nothing to read: the count says that, and the range is tried from further back.
    const isEmpty = outcome.report.frames === 0;
    const bits = isEmpty ? 0 : sumBits(await readPackets(tools, outcome.path, SEGMENT_FORMATS, options.signal));
    if (best === null || missOf(bits, rate) < missOf(best.bits, rate)) best = { outcome, bits };
    // A still picture takes no more bits whatever it is offered, and no fewer than its headers.
    const before = tries.at(-1)?.bits ?? 0;
    const hasSettled = Math.abs(bits - before) <= SAME * before;
    if (missOf(bits, rate) <= rate.slackBits || bits === 0 || hasSettled) break;
    tries.push({ bitrate, bits });
    bitrate = nextBitrate(tries, rate.targetBits);
  }
  if (best === null) throw new Error("no run was made");
  const path = join(options.workDir, basename(best.outcome.path));
  await renameWhenFree(best.outcome.path, path);
  const seconds = worked() / 1000;
  return { ok: true, path, report: { ...best.outcome.report, seconds, videoBytes: best.bits / 8 } };
}

/** The distance from the target; a size above -maxrate in the segment's time is always too far. */
function missOf(bits: number, { targetBits, slackBits, buffer, seconds }: TargetTask): number {
  const miss = Math.abs(bits - targetBits);
  return buffer !== null && bits > buffer.maxrate * seconds ? miss + slackBits + 1 : miss;
}

/** Maps the progress of one run to its share of all runs. */
function inPart(options: EncodeOptions, task: SegmentTask, { seconds }: TargetTask, run: number): EncodeOptions {
  const { onProgress } = options;
  if (onProgress === undefined) return options;
  const { averageFrameRate } = task.video;
  const frames = task.expectedFrames ?? seconds * (averageFrameRate === null ? 60 : toNumber(averageFrameRate));
  const from = run === 0 ? 0 : (DONE_AFTER[run - 1] ?? 1);
  const part = (DONE_AFTER[run] ?? 1) - from;
  return {
    ...options,
    onProgress(progress) {
      const done = from * frames + part * Math.min(progress.frames, frames);
      onProgress({ ...progress, frames: Math.floor(done), fps: part * progress.fps });
    },
  };
}
