// Runs ffmpeg and ffprobe through base/process, with the environment and the files that they need, no others, and an
// error that explains how to install them.
import { stat } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { isServed, servedBytes } from "../../base/network/served-file.ts";
import {
  type ProcessOptions,
  type ProcessResult,
  ProgramNotFound,
  runProcess,
} from "../../base/process/run-process.ts";
import { installHint } from "./installed/install-hint.ts";
import { confinementFor, type ToolAccess, type ToolSandbox } from "./sandbox/tool-access.ts";
import { toolEnvironment } from "./sandbox/tool-environment.ts";
import { withServedInputs } from "./tool-args.ts";

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

/** The slowest disk that a source may lie on. */
const SLOWEST_BYTES_PER_MS = 1024 * 1.024;
const LEAST_PROBE_MS = 10 * 60_000;
/** A line that a served file comes over may be so many times slower than that disk. */
const SLOWER_WHEN_SERVED = 8;

/** How long an ffprobe may read files of so many bytes. One that loops over a hostile file ends then. */
export function probeTimeoutMs(bytes: number): number {
  return LEAST_PROBE_MS + bytes / SLOWEST_BYTES_PER_MS;
}

async function bytesOf(paths: readonly string[]): Promise<number> {
  const sizes = paths.map(async (path) => {
    if (isServed(path)) return SLOWER_WHEN_SERVED * (await servedBytes(path));
    const found = await stat(path).catch(() => null); // the tool will say what is wrong with it
    return found?.isFile() === true ? found.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/**
 * Runs a tool to its end. Never throws for a failing tool: look at `ended` and `exitCode`. An ffprobe of files has a
 * timeout even where the call names none. Among `reads` there may be files that are served on this machine.
 * Errors: E_FFMPEG_MISSING when the program does not exist.
 */
export async function runTool(
  { tools, program, ...options }: ToolOptions,
  timeoutFor: (bytes: number) => number = probeTimeoutMs,
): Promise<ToolResult> {
  const env = toolEnvironment(process.env);
  const isBounded = program === "ffprobe" && options.timeoutMs === undefined && (options.urls ?? []).length === 0;
  const timeout = isBounded ? { timeoutMs: timeoutFor(await bytesOf(options.reads)) } : {};
  try {
    const reads = options.reads.filter((path) => !isServed(path));
    const urls = [...(options.urls ?? []), ...options.reads.filter(isServed)];
    const confinement = await confinementFor(tools.sandbox, { ...options, reads, urls }, env);
    const args = withServedInputs(options.args);
    const result = await runProcess({ ...options, ...timeout, args, program: tools[program], env, confinement });
    if (!isBounded || result.ended !== "timeout") return result;
    const stderrTail = `${result.stderrTail}\nffprobe did not come to an end within its time`.trim();
    return { ...result, stderrTail };
  } catch (thrown) {
    if (!(thrown instanceof ProgramNotFound)) throw thrown;
    throw new AppError("E_FFMPEG_MISSING", thrown.message, installHint(), { cause: thrown });
  }
}
