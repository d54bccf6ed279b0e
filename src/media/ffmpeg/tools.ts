// Finds ffmpeg and ffprobe.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../base/errors.ts";
import { exists } from "../../base/files.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { currentBuild, installedFolder } from "./installed/current-build.ts";
import { installHint } from "./installed/install-hint.ts";
import { isTooOld } from "./releases.ts";
import type { Programs } from "./run-tool.ts";
import { fitSandbox } from "./sandbox/fit-sandbox.ts";
import { toolSandbox } from "./sandbox/tool-access.ts";
import type { Version } from "./version.ts";

export interface Tools extends Programs, Version {
  /** Where what ffmpeg lists of itself is kept for the next start; absent: nowhere. */
  readonly listsFile?: string;
}

function toolsFolder(): string {
  return Bun.isStandaloneExecutable
    ? join(dirname(process.execPath), "tools")
    : fileURLToPath(new URL("../../../tools", import.meta.url));
}

/** Why this ffmpeg and no other: the first of these that has both programs. */
export type FoundBy = "FFCLUSTER_FFMPEG_DIR" | "tools" | "installed" | "PATH";

export interface FoundPrograms {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly foundBy: FoundBy;
}

const SUFFIX = process.platform === "win32" ? ".exe" : "";

function inFolder(folder: string, foundBy: FoundBy): FoundPrograms {
  return { ffmpeg: join(folder, `ffmpeg${SUFFIX}`), ffprobe: join(folder, `ffprobe${SUFFIX}`), foundBy };
}

/** Errors: E_FFMPEG_MISSING. */
async function inNamedFolder(folder: string): Promise<FoundPrograms> {
  const found = inFolder(folder, "FFCLUSTER_FFMPEG_DIR");
  for (const path of [found.ffmpeg, found.ffprobe]) {
    if (await exists(path)) continue;
    const hint = "FFCLUSTER_FFMPEG_DIR must name the folder that holds ffmpeg and ffprobe.";
    throw new AppError("E_FFMPEG_MISSING", `${path} does not exist`, hint);
  }
  return found;
}

/**
 * Looks in FFCLUSTER_FFMPEG_DIR, in `tools/` next to the executable, for an installed one (whoever installed it wants it
 * more than the system's), then on PATH. Starts nothing. Errors: E_FFMPEG_MISSING.
 */
export async function locatePrograms(env: Record<string, string | undefined>): Promise<FoundPrograms> {
  const named = env.FFCLUSTER_FFMPEG_DIR;
  if (named !== undefined && named !== "") return await inNamedFolder(named);
  const store = installedFolder(env);
  const current = await currentBuild(store);
  const folders = [
    inFolder(toolsFolder(), "tools"),
    ...(current === null ? [] : [inFolder(join(store, current), "installed")]),
  ];
  for (const found of folders) if ((await exists(found.ffmpeg)) && (await exists(found.ffprobe))) return found;
  const path = env.PATH ?? env.Path ?? "";
  const ffmpeg = Bun.which("ffmpeg", { PATH: path });
  const ffprobe = Bun.which("ffprobe", { PATH: path });
  if (ffmpeg !== null && ffprobe !== null) return { ffmpeg, ffprobe, foundBy: "PATH" };
  throw new AppError("E_FFMPEG_MISSING", `${ffmpeg === null ? "ffmpeg" : "ffprobe"} was not found`, installHint());
}

function sandboxModeIn({ FFCLUSTER_SANDBOX: named }: Record<string, string | undefined>): SandboxMode {
  return named === "off" || named === "require" || named === "bwrap" ? named : "auto";
}

/**
 * The ffmpeg of this machine (`locatePrograms`), once it has said its version.
 * Errors: E_FFMPEG_MISSING, E_FFMPEG_OLD (before 5.1), E_SANDBOX.
 */
export async function findTools(
  env: Record<string, string | undefined>,
  mode: SandboxMode = sandboxModeIn(env),
): Promise<Tools> {
  const { ffmpeg, ffprobe } = await locatePrograms(env);
  const tools = await fitSandbox({ ffmpeg, ffprobe, sandbox: await toolSandbox(mode, [ffmpeg, ffprobe], env) });
  if (!isTooOld(tools)) return tools;
  throw new AppError("E_FFMPEG_OLD", `${tools.ffmpeg} is version ${tools.version}`, installHint());
}
