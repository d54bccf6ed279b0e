// Runs ffmpeg and ffprobe through base/process, with the environment they need and an error that explains how to
// install them.
import { AppError } from "../../base/errors.ts";
import {
  type ProcessOptions,
  type ProcessResult,
  ProgramNotFound,
  runProcess,
} from "../../base/process/run-process.ts";
import { toolEnvironment } from "./tool-environment.ts";

export type ToolOptions = Omit<ProcessOptions, "env">;
export type ToolResult = ProcessResult;

/**
 * Runs a tool to its end. Never throws for a failing tool: look at `ended` and `exitCode`.
 * Errors: E_FFMPEG_MISSING when the program does not exist.
 */
export async function runTool(options: ToolOptions): Promise<ToolResult> {
  try {
    return await runProcess({ ...options, env: toolEnvironment(process.env) });
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound)) throw thrown;
    throw new AppError(
      "E_FFMPEG_MISSING",
      thrown.message,
      "Install ffmpeg 5.1 or newer, or name its folder in FFCLUSTER_FFMPEG_DIR; `ffcluster doctor` checks it.",
      { cause: thrown },
    );
  }
}
