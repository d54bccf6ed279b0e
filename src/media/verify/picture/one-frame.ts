// Makes one picture of an output, or the source's picture that it shows, by the frame plan: a PNG of the output's size, both
// sides through the same conversion, so that what differs is what the encode did.
import { AppError } from "../../../base/errors.ts";
import { complexGraph, type FilterText, writeFilter, writeGraph } from "../../ffmpeg/filter-graph.ts";
import { runTool } from "../../ffmpeg/run-tool.ts";
import { lastWords } from "../../ffmpeg/stderr.ts";
import { inputFiles, QUIET } from "../../ffmpeg/tool-args.ts";
import type { Tools } from "../../ffmpeg/tools.ts";
import type { SegmentTask } from "../../model/segment.ts";
import { burnInPaths } from "../../subtitles/burn-in-files.ts";
import { lastAtOrBefore } from "./choose-samples.ts";
import { type ComparedForm, MATRICES } from "./compared-form.ts";
import type { FramePlan } from "./frame-plan.ts";
import { comparedFormat } from "./measure/raw-format.ts";
import { outputBranch, sourceBranch } from "./sample-args.ts";
import type { Branch } from "./shared-decode.ts";

/** Behind a key frame that is far before it; a picture that takes longer is not looked at by moving a slider. */
const MOST_MS = 20_000;
const MOST_BYTES = 96 * 1024 * 1024;

export interface WantedFrame {
  readonly plan: FramePlan;
  readonly side: "source" | "output";
  /** Number in the output, from 0. */
  readonly frame: number;
  /** Where this side is read. */
  readonly path: string;
  readonly signal: AbortSignal;
}

function formOf({ format: name, width, height, asked }: FramePlan): ComparedForm {
  const format = comparedFormat(name);
  if (format === null) throw new AppError("E_WRONG_STATE", `the pixel format ${name} can't be shown`, "Download it.");
  return { format, width, height, asked };
}

/** The last place at or before the picture. */
function before<T extends { readonly position: number }>(places: readonly T[], frame: number): T | undefined {
  return places[
    lastAtOrBefore(
      places.map(({ position }) => position),
      frame,
    )
  ];
}

function branchOf({ plan, side, frame, path }: WantedFrame): { readonly branch: Branch; readonly task: SegmentTask } {
  const shown = formOf(plan);
  const place = before(plan.places, frame);
  const key = before(plan.keys, frame);
  if (place === undefined || key === undefined) throw new Error(`no place before picture ${frame}`);
  const task = { ...plan.task, ...place.task } as SegmentTask;
  if (side === "source") {
    const sample = { task, skip: frame - place.position, frames: 1 };
    return { branch: sourceBranch(path, sample, { shown, matrix: plan.matrix }, null), task };
  }
  const sample = { seekPts: key.seekPts, startPts: key.pts, skip: key.skip + frame - key.position, frames: 1 };
  const { formats, decoder, isFullRange, timeBase } = plan;
  return { branch: outputBranch({ path, formats, decoder, isFullRange, timeBase }, sample, shown, null), task };
}

/** A screen's colours. Where the output does not say its matrix, as players take it: by the picture's height. */
function toScreen({ matrix, height, format }: FramePlan): FilterText[] {
  const guessed = height >= 720 ? "bt709" : "smpte170m";
  const said = matrix !== null && MATRICES.has(matrix) ? matrix : guessed;
  const isYuv = format.startsWith("yuv");
  const words = isYuv
    ? ([
        ["in_color_matrix", said],
        ["in_range", "tv"],
      ] as const)
    : [];
  return [writeFilter("scale", words), writeFilter("format", [["pix_fmts", "rgb24"]])];
}

function argsOf(wanted: WantedFrame): { readonly args: readonly string[]; readonly sideFiles: readonly string[] } {
  const { branch, task } = branchOf(wanted);
  const filters = [...branch.head, ...branch.tail, ...toScreen(wanted.plan)];
  const graph = writeGraph([{ from: [`0:${branch.stream}`], filters, to: ["v"] }]);
  const copied = wanted.side === "output" ? [...QUIET, "-copyts"] : []; // the source's own have both
  return {
    args: [
      ...[...copied, ...branch.input, ...complexGraph(graph), "-map", "[v]"],
      ...["-frames:v", "1", "-fps_mode", "passthrough", "-c:v", "png", "-f", "image2pipe", "pipe:1"],
    ],
    sideFiles: wanted.side === "source" ? burnInPaths(task.request) : [],
  };
}

function failed(side: WantedFrame["side"], why: string): AppError {
  return new AppError(
    "E_BUSY",
    `this picture of the ${side} could not be made: ${why}`,
    "Choose one a little before it.",
  );
}

/** At low priority, in the sandbox, bounded in time and bytes. Errors: E_BUSY with the reason, E_INTERRUPTED. */
export async function readFrame(tools: Tools, wanted: WantedFrame): Promise<Uint8Array<ArrayBuffer>> {
  const { args, sideFiles } = argsOf(wanted);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const result = await runTool({
    ...{ tools, program: "ffmpeg" as const, args, writes: [], signal: wanted.signal, nice: true, timeoutMs: MOST_MS },
    reads: [...inputFiles(args), ...sideFiles],
    onBytes(piece) {
      bytes += piece.length;
      if (bytes > MOST_BYTES) throw failed(wanted.side, "it is too large to be sent");
      pieces.push(piece.slice());
    },
  });
  if (result.ended === "aborted") throw new AppError("E_INTERRUPTED", "nobody waits for this picture", "Ask again.");
  if (result.ended !== "exit") throw failed(wanted.side, "decoding up to it takes too long");
  if (result.exitCode !== 0 || bytes === 0) throw failed(wanted.side, lastWords(result.stderrTail));
  return new Uint8Array(Buffer.concat(pieces));
}
