// Makes one segment: runs ffmpeg, follows its progress, reads the seams. It judges nothing; verify-segment.ts counts
// the frames.
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../base/errors.ts";
import { type Pausable, startWorkTimer } from "../../base/process/pause.ts";
import { CHROMA_ASKED, isSince } from "../ffmpeg/builds/differences.ts";
import { segmentFormat } from "../ffmpeg/codecs.ts";
import { type EncodeDevice, isHardware } from "../ffmpeg/encode-device.ts";
import { createProgressParser, type Progress } from "../ffmpeg/progress.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { createStallRule, type StallBounds } from "../ffmpeg/stall.ts";
import { decodeErrors, lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { insertHdr10, requiredHdr10 } from "../hdr10/insert-hdr10.ts";
import type { SegmentReport, SegmentTask } from "../model/segment.ts";
import { withBurnInFiles } from "../subtitles/burn-in-files.ts";
import { clockBounds } from "./cut-range.ts";
import { mustFilterAlone } from "./filters-alone.ts";
import { parseSeams, type Seams } from "./seams.ts";
import { segmentArgs } from "./segment-args.ts";
import { parseTimes, timesDigest } from "./source-count.ts";

export interface EncodeOptions {
  /** A path, or the loopback gateway's URL. */
  readonly input: string;
  readonly inputKind: "file" | "http";
  /** Folder for the segment and its seam file; made when absent. */
  readonly workDir: string;
  readonly threads: number | null;
  /** Where a hardware encoder runs; not given: the CPU. */
  readonly device?: EncodeDevice | null;
  /** Decode on that device too, unless an attempt at the range has failed. */
  readonly hwDecode?: boolean;
  /** Absolute paths, one for each `subtitles` filter of the request. */
  readonly burnInFiles?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: Progress) => void;
  readonly nice?: boolean;
  /** When ffmpeg counts as hanging; absent: never. */
  readonly stall?: StallBounds;
  /** Whether ffmpeg is waiting for bytes that are being fetched. */
  readonly isWaiting?: () => boolean;
  /** Suspends ffmpeg; paused time is left out of the report. */
  readonly pausable?: Pausable;
  /**
   * One of several runs over the same range: its own encoder options, its output when that is not the segment, and the
   * folder of what the runs tell each other when that is not `workDir`.
   */
  readonly run?: {
    readonly encoderArgs: readonly string[];
    readonly format?: "framecrc";
    readonly fileName?: string;
    readonly sharedDir?: string;
  };
}

export type EncodeOutcome =
  | { readonly ok: true; readonly path: string; readonly report: SegmentReport }
  /** `reason`: ffmpeg's last words, or how it hung; `stderr`: the end of its output. */
  | {
      readonly ok: false;
      readonly reason: string;
      readonly aborted: boolean;
      readonly stalled?: boolean;
      readonly stderr?: string;
    };

async function readSeams(path: string, task: SegmentTask): Promise<Seams> {
  try {
    return parseSeams(await readFile(path, "utf8"), clockBounds(task).endPts);
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return { start: null, afterEnd: null, decoded: null };
    throw thrown;
  }
}

/** ffmpeg computes frames per second from the whole time since its start; this leaves out pauses. */
function withoutPauses(progress: Progress, workedMs: number, pausable: Pausable | undefined): Progress {
  if (pausable === undefined || pausable.pausedMs() === 0) return progress;
  return { ...progress, fps: workedMs > 0 ? (1000 * progress.frames) / workedMs : 0 };
}

/** Encodes a segment into `workDir`. A failing ffmpeg is an outcome, not an exception. */
export async function encodeSegment(tools: Tools, given: SegmentTask, options: EncodeOptions): Promise<EncodeOutcome> {
  const task = { ...given, request: withBurnInFiles(given.request, options.burnInFiles ?? []) };
  await mkdir(options.workDir, { recursive: true });
  const { run } = options;
  const fileName = run?.fileName ?? `segment.${segmentFormat(task.video, task.request.video.encoder)}`;
  const output = join(options.workDir, fileName);
  const seamFile = join(options.workDir, "seams.txt");
  const countFile = join(options.workDir, "count.txt");
  const parse = createProgressParser();
  const { stall, isWaiting } = options;
  const rule = stall === undefined ? null : createStallRule(stall);
  let frames = 0;
  const worked = startWorkTimer(options.pausable);
  const result = await runTool({
    tools,
    program: "ffmpeg",
    reads: [...(options.inputKind === "file" ? [options.input] : []), ...(options.burnInFiles ?? [])],
    writes: [options.workDir, ...(run?.sharedDir === undefined ? [] : [run.sharedDir])],
    urls: options.inputKind === "http" ? [options.input] : [],
    usesDevice: isHardware(options.device ?? null),
    args: segmentArgs(task, {
      input: options.inputKind === "file" ? fileUrl(options.input) : options.input,
      inputKind: options.inputKind,
      output: fileUrl(output),
      seamFile: fileUrl(seamFile),
      countFile: fileUrl(countFile),
      threads: options.threads,
      filtersAlone: mustFilterAlone(tools, task),
      encoderArgs: run?.encoderArgs,
      format: run?.format,
      saysChroma: isSince(tools, CHROMA_ASKED),
      device: options.device ?? null,
      decodesOnDevice: options.hwDecode === true && task.softwareDecode !== true,
    }),
    signal: options.signal,
    pausable: options.pausable,
    nice: options.nice,
    ...(rule === null
      ? {}
      : { isStalled: (cpuMs: number | null) => rule.check(performance.now(), cpuMs, isWaiting?.() === true) }),
    onLine: (line) => {
      const progress = parse(line);
      if (progress === null) return;
      frames = progress.frames;
      rule?.moved(frames);
      options.onProgress?.(withoutPauses(progress, worked(), options.pausable));
    },
  });
  if (result.ended === "stalled") return { ok: false, reason: rule?.reason() ?? "", aborted: false, stalled: true };
  if (result.ended !== "exit") return { ok: false, reason: "stopped", aborted: result.ended === "aborted" };
  if (result.exitCode !== 0) {
    return { ok: false, reason: lastWords(result.stderrTail), aborted: false, stderr: result.stderrTail };
  }
  if ((await stat(output)).size === 0) return { ok: false, reason: "ffmpeg wrote an empty segment", aborted: false };
  const hdr10 = run?.format === undefined ? requiredHdr10(task.video, task.request) : null;
  const failure = hdr10 === null ? null : await insertHdr10(tools, output, hdr10, options.signal);
  if (failure !== null) return { ok: false, reason: failure, aborted: options.signal?.aborted === true };
  const seams = await readSeams(seamFile, task);
  const shown = task.sourceFrames === undefined ? null : parseTimes(await readFile(countFile, "utf8"));
  return {
    ok: true,
    path: output,
    report: {
      frames,
      seconds: worked() / 1000,
      encoder: task.request.video.encoder,
      ffmpegVersion: tools.version,
      seamStart: seams.start,
      seamAfterEnd: seams.afterEnd,
      ...(seams.decoded === null ? {} : { decoded: seams.decoded }),
      ...(shown === null ? {} : { sourceFrames: shown.length, sourceTimes: timesDigest(shown) }),
      decodeErrors: decodeErrors(result.stderrTail, task.seekPts !== null),
    },
  };
}
