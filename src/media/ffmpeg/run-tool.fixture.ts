// ffmpeg as tests make and read their own files with it: it may touch everything.
import { type ProcessOptions, type ProcessResult, runProcess } from "../../base/process/run-process.ts";
import { toolEnvironment } from "./sandbox/tool-environment.ts";

export async function runUnconfined(options: Omit<ProcessOptions, "env">): Promise<ProcessResult> {
  return await runProcess({ ...options, env: toolEnvironment(process.env) });
}
