// Finds ffmpeg and ffprobe and reads their version. Runs `-version` only and proves nothing else.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../base/errors.ts";
import { exists } from "../../base/files.ts";
import type { SandboxMode } from "../../base/sandbox/confinement.ts";
import { BuildFacts } from "./builds/build-facts.ts";
import { isTooOld, OLDEST, releaseText } from "./releases.ts";
import { type Programs, runTool } from "./run-tool.ts";
import { toolSandbox } from "./sandbox/tool-access.ts";

export interface Tools extends Programs {
  /** As ffmpeg prints it, e.g. "5.1.9-0+deb12u1". */
  readonly version: string;
  readonly major: number;
  readonly minor: number;
}

/** libavutil majors of releases, for builds from git that carry no version: 57 is 5.x, 58 is 6.x, … */
const LIBAVUTIL_TO_FFMPEG = 52;

/** Parses the version from the output of `ffmpeg -version`. Null when that is not ffmpeg's text. */
export function parseVersion(text: string): { version: string; major: number; minor: number } | null {
  const version = /^ff(?:mpeg|probe) version (\S+)/.exec(text)?.[1];
  if (version === undefined) return null;
  const release = /^n?(\d+)\.(\d+)/.exec(version);
  if (release) return { version, major: Number(release[1]), minor: Number(release[2]) };
  const libavutil = /libavutil\s+(\d+)\.\s*(\d+)/.exec(text);
  if (!libavutil) return null;
  const major = Number(libavutil[1]) - LIBAVUTIL_TO_FFMPEG;
  // Within libavutil 57, 5.1 begins at 57.28.
  return { version, major, minor: major === 5 && Number(libavutil[2]) < 28 ? 0 : 1 };
}

function installHint(): string {
  const how =
    process.platform === "darwin"
      ? "`brew install ffmpeg`"
      : process.platform === "win32"
        ? "`winget install ffmpeg`"
        : "`apt-get install ffmpeg` (or your system's own package)";
  return `Install ffmpeg ${releaseText(OLDEST)} or newer with ${how}, put it in tools/ next to the executable, or name its folder in FFCLUSTER_FFMPEG_DIR.`;
}

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

type Version = Omit<Tools, keyof Programs>;

const versions = { confined: new BuildFacts<Version>(), free: new BuildFacts<Version>() };

/** Errors: E_FFMPEG_MISSING. */
async function askVersion(tools: Programs): Promise<Version> {
  const { ffmpeg } = tools;
  const args = ["-version"];
  const result = await runTool({ tools, program: "ffmpeg", args, reads: [], writes: [], timeoutMs: 30_000 });
  const parsed = result.exitCode === 0 ? parseVersion(result.stdout) : null;
  if (parsed !== null) return parsed;
  const words = result.stderrTail.trim().split("\n").at(-1) ?? "";
  throw new AppError(
    "E_FFMPEG_MISSING",
    `${ffmpeg} does not run as ffmpeg${words === "" ? "" : `: ${words}`}`,
    installHint(),
  );
}

function sandboxModeIn({ FFCLUSTER_SANDBOX: named }: Record<string, string | undefined>): SandboxMode {
  return named === "off" || named === "require" ? named : "auto";
}

/** An ffmpeg that runs only without the sandbox does so, unless that is required. Errors: E_FFMPEG_MISSING, E_SANDBOX. */
async function startTools(programs: Programs): Promise<Tools> {
  const { ffmpeg, sandbox } = programs;
  const { mode } = sandbox;
  const isFree = mode === "off";
  try {
    return { ...programs, ...(await versions[isFree ? "free" : "confined"].of(ffmpeg, () => askVersion(programs))) };
  } catch (thrown) {
    if (isFree || !(thrown instanceof AppError)) throw thrown;
    const free: Programs = { ...programs, sandbox: { mode: "off", programs: [], unfit: thrown.message } };
    const version = await versions.free.of(ffmpeg, () => askVersion(free)).catch(() => null); // it does not run at all
    if (version === null) throw thrown;
    if (mode === "auto") return { ...free, ...version };
    const hint = "Name the folder of the program itself, with its libraries, in FFCLUSTER_FFMPEG_DIR.";
    throw new AppError("E_SANDBOX", `--sandbox require: in the sandbox, ${thrown.message}`, hint, { cause: thrown });
  }
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
  const tools = await startTools({ ...paths, sandbox: await toolSandbox(mode, [paths.ffmpeg, paths.ffprobe], env) });
  if (!isTooOld(tools)) return tools;
  throw new AppError("E_FFMPEG_OLD", `${tools.ffmpeg} is version ${tools.version}`, installHint());
}
