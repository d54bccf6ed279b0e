// The real ffmpeg behind a script that counts how often it is started. For POSIX systems, without a sandbox.
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../../base/files.ts";
import type { Tools } from "./tools.ts";

export interface CountedTools extends Tools {
  /** Starts since the last call. */
  starts(): Promise<number>;
}

export async function countedTools(tools: Tools, folder: string): Promise<CountedTools> {
  const [ffmpeg, counted] = [join(folder, "counted-ffmpeg"), join(folder, "starts")];
  await writeFile(ffmpeg, `#!/bin/sh\necho >> '${counted}'\nexec '${tools.ffmpeg}' "$@"\n`);
  await chmod(ffmpeg, 0o755);
  const starts = async () => {
    const text = (await exists(counted)) ? await readFile(counted, "utf8") : "";
    await writeFile(counted, "");
    return text.length;
  };
  return { ...tools, ffmpeg, sandbox: { mode: "off", programs: [] }, starts };
}
