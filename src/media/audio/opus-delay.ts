// Matroska states how much of an Opus stream's beginning is skipped (CodecDelay), and readers subtract that from the
// timestamps. Some ffmpeg versions (5.1) write the delay without adding it to the timestamps, so that sound shifts 6.5
// ms against the picture with every copy. This measures what the installed ffmpeg does with the stream itself.
import { join } from "node:path";
import { removeTree } from "../../base/files.ts";
import { newId } from "../../base/ids.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { streamBeginnings } from "./stream-beginnings.ts";

/** Position of the stream in the trial: far from zero, so that no negative timestamp occurs. */
const TRIAL_US = 10_000_000;

/** Readers round the usual delay of 6.5 ms up to 7; halfway between, both that and a whole number land right. */
const ROUNDED_UP_US = 250;

/**
 * Microseconds to add to a copied Opus stream so that it keeps its position: remuxes 0.2 s of it and measures. `muxer`
 * is "matroska" or "webm".
 */
export async function opusDelayUs(
  tools: Tools,
  input: { readonly path: string; readonly formats: string; readonly streamIndex: number; readonly beginsUs: number },
  muxer: string,
  workDir: string,
  signal?: AbortSignal,
): Promise<number> {
  const trial = join(workDir, `.opus-${newId().slice(0, 8)}.mkv`);
  const offsetUs = TRIAL_US - input.beginsUs;
  try {
    const result = await runTool({
      tools,
      program: "ffmpeg",
      reads: [input.path],
      writes: [trial],
      args: [
        ...QUIET,
        "-copyts",
        "-itsoffset",
        String(offsetUs / 1e6),
        ...inputGuards({ formats: input.formats, kind: "file" }),
        "-i",
        fileUrl(input.path),
        "-map",
        `0:${input.streamIndex}`,
        "-c",
        "copy",
        "-frames:a",
        "10",
        "-f",
        muxer,
        "-y",
        fileUrl(trial),
      ],
      signal,
    });
    if (!succeeded(result)) return 0;
    const landed = (await streamBeginnings(tools, trial, "matroska,webm", signal)).get(0);
    if (landed === undefined) return 0;
    const delay = TRIAL_US - landed;
    return Math.abs(delay) < 1000 ? 0 : delay - ROUNDED_UP_US; // less than the container's own millisecond is rounding
  } finally {
    await removeTree(trial);
  }
}
