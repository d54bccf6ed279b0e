// Matroska states how much of an Opus stream's beginning is skipped (CodecDelay), and readers subtract that from the
// timestamps. Some ffmpeg versions (5.1) write the delay without adding it to the timestamps, so that sound shifts 6.5
// ms against the picture with every copy. And all of them count the delay in whole milliseconds. This measures what the
// installed ffmpeg does with the stream itself.
import { join } from "node:path";
import { removeTree } from "../../base/files.ts";
import { newId } from "../../base/ids.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { readHeaderOf } from "../container-data/header-window.ts";
import { mkvCodecDelay } from "../container-data/mkv-track.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { fileUrl, inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { streamBeginnings } from "./stream-beginnings.ts";

/** Position of the stream in the trial: far from zero, so that no negative timestamp occurs. */
const TRIAL_US = 10_000_000;

/**
 * Writers and readers round the delay to milliseconds, the usual 6.5 up to 7, and ffmpeg takes what the header states off
 * the first packet but what it rounded to off the others. What is to be added to be right halfway between the two.
 * `shortUs`: by how much the installed ffmpeg puts the stream early; `delayNs`: what the header states. Pure.
 */
export function delayToAddUs(shortUs: number, delayNs: number): number {
  const roundedUs = Math.round(delayNs / 1e6) * 1000;
  // Less than the container's own millisecond is rounding.
  const missingUs = Math.abs(shortUs) < 1000 ? 0 : shortUs;
  return Math.round(missingUs + (delayNs / 1000 - roundedUs) / 2);
}

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
    const header = await readHeaderOf(trial, "mkv");
    return delayToAddUs(TRIAL_US - landed, header === null ? 0 : mkvCodecDelay(header));
  } finally {
    await removeTree(trial);
  }
}
