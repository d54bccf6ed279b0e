// Finds ffmpeg and ffprobe.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../base/errors.ts";
import { exists } from "../../base/files.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { isTooOld } from "./releases.ts";
import type { Programs } from "./run-tool.ts";
import { fitSandbox } from "./sandbox/fit-sandbox.ts";
import { toolSandbox } from "./sandbox/tool-access.ts";
import { installHint, type Version } from "./version.ts";

export interface Tools extends Programs, Version {}

function toolsFolder(): string {
  return Bun.isStandaloneExecutable
    ? join(dirname(process.execPath), "tools")
    : fileURLToPath(new URL("../../../tools", import.meta.url));
}

async function candidates(env: Record<string, string | undefined>): Promise<{ ffmpeg: string; ffprobe: string }> {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const inFolder = (folder: string) => ({
    ffmpeg: join(folder, `ffmpeg${suffix}`),
    ffprobe: join(folder, `ffprobe${suffix}`),
  });
  const named = env.FFCLUSTER_FFMPEG_DIR;
  if (named !== undefined && named !== "") {
    const found = inFolder(named);
    for (const path of [found.ffmpeg, found.ffprobe]) {
      if (!(await exists(path))) {
        throw new AppError(
          "E_FFMPEG_MISSING",
          `${path} does not exist`,
          "FFCLUSTER_FFMPEG_DIR must name the folder that holds ffmpeg and ffprobe.",
        );
      }
    }
    return found;
  }
  const beside = inFolder(toolsFolder());
  if ((await exists(beside.ffmpeg)) && (await exists(beside.ffprobe))) return beside;
  const path = env.PATH ?? env.Path ?? "";
  const ffmpeg = Bun.which("ffmpeg", { PATH: path });
  const ffprobe = Bun.which("ffprobe", { PATH: path });
  if (ffmpeg === null || ffprobe === null) {
    throw new AppError("E_FFMPEG_MISSING", `${ffmpeg === null ? "ffmpeg" : "ffprobe"} was not found`, installHint());
  }
  return { ffmpeg, ffprobe };
}

function sandboxModeIn({ FFCLUSTER_SANDBOX: named }: Record<string, string | undefined>): SandboxMode {
  return named === "off" || named === "require" || named === "bwrap" ? named : "auto";
}

/**
 * Looks in FFCLUSTER_FFMPEG_DIR, in `tools/` next to the executable, then on PATH.
 * Errors: E_FFMPEG_MISSING, E_FFMPEG_OLD (before 5.1), E_SANDBOX.
 */
export async function findTools(
  env: Record<string, string | undefined>,
  mode: SandboxMode = sandboxModeIn(env),
): Promise<Tools> {
  const paths = await candidates(env);
  const tools = await fitSandbox({ ...paths, sandbox: await toolSandbox(mode, [paths.ffmpeg, paths.ffprobe], env) });
  if (!isTooOld(tools)) return tools;
  throw new AppError("E_FFMPEG_OLD", `${tools.ffmpeg} is version ${tools.version}`, installHint());
}
