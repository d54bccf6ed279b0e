// Asks an ffmpeg for its version. Runs `-version` only and proves nothing else.
import { AppError } from "../../base/errors.ts";
import { installHint } from "./installed/install-hint.ts";
import { type Programs, runTool } from "./run-tool.ts";

export interface Version {
  /** As ffmpeg prints it, e.g. "5.1.9-0+deb12u1". */
  readonly version: string;
  readonly major: number;
  readonly minor: number;
}

/** libavutil majors of releases, for builds from git that carry no version: 57 is 5.x, 58 is 6.x, … */
const LIBAVUTIL_TO_FFMPEG = 52;

/** Parses the version from the output of `ffmpeg -version`. Null when that is not ffmpeg's text. */
export function parseVersion(text: string): Version | null {
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

/** Errors: E_FFMPEG_MISSING. */
export async function askVersion(tools: Programs): Promise<Version> {
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
