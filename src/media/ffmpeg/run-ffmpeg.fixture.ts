// ffmpeg as the tests of this folder make their clips and files with it.

import { succeeded } from "../../base/process/run-process.ts";
import { runUnconfined } from "./run-tool.fixture.ts";
import type { Tools } from "./tools.ts";

/** Its stdout; throws with its words when it fails. A file that is there already is written over. */
export async function runFfmpeg(tools: Tools, args: readonly string[]): Promise<string> {
  const result = await runUnconfined({ program: tools.ffmpeg, args: ["-y", "-nostdin", "-v", "error", ...args] });
  if (!succeeded(result)) throw new Error(`${args.join(" ")}: ${result.ended}: ${result.stderrTail}`);
  return result.stdout;
}
