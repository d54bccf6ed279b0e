// Runs ffmpeg and ffprobe through base/process, with the environment and the files that they need, no others, and an
// error that explains how to install them.
import { AppError } from "../../base/errors.ts";
import {
  type ProcessOptions,
  type ProcessResult,
  ProgramNotFound,
  runProcess,
} from "../../base/process/run-process.ts";
import { confinementFor, type ToolAccess, type ToolSandbox } from "./tool-access.ts";
import { toolEnvironment } from "./tool-environment.ts";

/** An installation of ffmpeg, before its version is known. */
export interface Programs {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly sandbox: ToolSandbox;
}

export interface ToolOptions extends Omit<ProcessOptions, "program" | "env" | "confinement">, ToolAccess {
  readonly tools: Programs;
  readonly program: "ffmpeg" | "ffprobe";
}
export type ToolResult = ProcessResult;

/**
 * Runs a tool to its end. Never throws for a failing tool: look at `ended` and `exitCode`.
 * Errors: E_FFMPEG_MISSING when the program does not exist.
 */
export async function runTool({ tools, program, ...options }: ToolOptions): Promise<ToolResult> {
  const env = toolEnvironment(process.env);
  try {
    const confinement = await confinementFor(tools.sandbox, options, env);
    return await runProcess({ ...options, program: tools[program], env, confinement });
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
