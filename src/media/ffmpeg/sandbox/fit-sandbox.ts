// How an installation of ffmpeg can be confined, seen by trying. A launcher in front of it may need files that no run
// names, or close those that it is given open: then it gets as much of the sandbox as it bears, and that is said aloud.
import { AppError } from "../../../base/errors.ts";
import type { SandboxMode } from "../../../base/sandbox/confinement.ts";
import { BuildFacts } from "../builds/build-facts.ts";
import type { Programs } from "../run-tool.ts";
import { askVersion, type Version } from "../version.ts";
import { unreadBy } from "./open-files.ts";
import type { ToolSandbox } from "./tool-access.ts";

export const NAME_THE_PROGRAM = "Name the folder of the program itself, with its libraries, in FFCLUSTER_FFMPEG_DIR.";

interface Trial {
  readonly version: Version;
  /** Null: all programs read what they are given open. */
  readonly losesOpenFiles: string | null;
  /** They read it so, or else by its name. */
  readonly isRead: boolean;
}

const trials: Readonly<Record<SandboxMode, BuildFacts<Trial>>> = {
  auto: new BuildFacts(),
  require: new BuildFacts(),
  bwrap: new BuildFacts(),
  off: new BuildFacts(),
};

/** Errors: E_FFMPEG_MISSING. */
async function tryIt(programs: Programs): Promise<Trial> {
  const version = await askVersion(programs);
  const unread = await unreadBy(programs);
  if (unread.length === 0) return { version, losesOpenFiles: null, isRead: true };
  const losesOpenFiles = `${unread.join(" and ")} can't read a file that is handed over open`;
  const byName = { ...programs, sandbox: { ...programs.sandbox, losesOpenFiles } };
  return { version, losesOpenFiles, isRead: (await unreadBy(byName)).length === 0 };
}

async function trialOf(programs: Programs): Promise<Trial> {
  return await trials[programs.sandbox.mode].of(programs.ffmpeg, () => tryIt(programs));
}

/** With what the trial showed of it. */
function shown(programs: Programs, { version, losesOpenFiles, isRead }: Trial): Programs & Version {
  const named = losesOpenFiles === null || !isRead ? {} : { losesOpenFiles };
  return { ...programs, ...version, sandbox: { ...programs.sandbox, ...named } };
}

/**
 * The installation with the sandbox that it runs in: the one asked for, or under `auto` a weaker one.
 * Errors: E_FFMPEG_MISSING; E_SANDBOX when the one that is required does not do.
 */
export async function fitSandbox(programs: Programs): Promise<Programs & Version> {
  const { mode } = programs.sandbox;
  if (mode === "off") return shown(programs, await trialOf(programs));
  const inside = await trialOf(programs).catch((thrown: unknown) => {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  });
  const fault = inside instanceof AppError ? inside.message : inside.losesOpenFiles;
  if (!(inside instanceof AppError) && (fault === null || (mode === "auto" && inside.isRead)))
    return shown(programs, inside);
  const off: ToolSandbox = { mode: "off", programs: [], ...(fault === null ? {} : { unfit: fault }) };
  const free = { ...programs, sandbox: off };
  const outside = await trialOf(free).catch(() => null); // it does not run at all
  if (inside instanceof AppError && outside === null) throw inside;
  if (mode !== "auto") {
    const cause = inside instanceof AppError ? { cause: inside } : {};
    throw new AppError("E_SANDBOX", `--sandbox ${mode}: in the sandbox, ${fault}`, NAME_THE_PROGRAM, cause);
  }
  // What reads nothing anywhere has another fault, which its first run will show.
  return outside !== null && (inside instanceof AppError || outside.isRead)
    ? shown(free, outside)
    : shown(programs, inside as Trial);
}
