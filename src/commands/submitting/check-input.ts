// Checks INPUT and the output's path on this machine, before any call to a server.
import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { AppError, errnoOf } from "../../base/errors.ts";
import { isThere } from "../jobs/save-output.ts";

/** "submit" takes files of the server, folders and addresses besides; "look" takes files of this machine alone. */
export type InputUse = "submit" | "look";

/** What to do about a name that no file has. */
function missingHint(input: string, use: InputUse): string {
  if (/^file:\/\//i.test(input)) return "Write the path alone, without file://.";
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input)) {
    return use === "submit"
      ? "Addresses begin with https:// or s3://. Download it first, then submit the file."
      : "This needs a file on this machine: download it first. `ffcluster submit` takes https:// and s3:// addresses.";
  }
  if (/[*?]|\[.+\]|\{.+,.+\}/.test(input)) {
    const several = use === "submit" ? " Or name the folder: ffcluster submit FOLDER --output-dir DIR." : "";
    return `It looks like a pattern: without quotes, the shell puts the names of the files in its place.${several}`;
  }
  return use === "submit" ? "Check the path; a file on the server needs --on-server." : "Check the path.";
}

function folderHint(use: InputUse): string {
  const whole = "Name one video file in it";
  const all = use === "submit" ? ", or encode all of them with --output-dir DIR (--recursive for folders in it)" : "";
  return `${whole}${all}. In the folder of a DVD that is a .vob file in VIDEO_TS.`;
}

/**
 * The absolute path of INPUT.
 * Errors: E_USAGE for an empty name, E_SOURCE_MISSING, E_SOURCE_EMPTY, E_SOURCE_REFUSED.
 */
export async function checkInput(input: string, cwd: string, use: InputUse = "submit"): Promise<string> {
  const give = "Give the path of one video file.";
  if (input === "") throw new AppError("E_USAGE", "the name of the file is empty", give);
  const path = resolve(cwd, input);
  try {
    const stats = await stat(path);
    if (!stats.isFile()) {
      const what = stats.isDirectory() ? "a folder" : "not a regular file";
      const hint = stats.isDirectory() ? folderHint(use) : give;
      throw new AppError("E_SOURCE_REFUSED", `${input} is ${what}`, hint);
    }
    if (stats.size === 0) throw new AppError("E_SOURCE_EMPTY", `${input} is empty`, "Give a video file.");
    await access(path, constants.R_OK);
    return path;
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === "ENOENT" || errno === "ENOTDIR") {
      throw new AppError("E_SOURCE_MISSING", `${input} does not exist`, missingHint(input, use), { cause: thrown });
    }
    if (errno === "EACCES" || errno === "EPERM") {
      throw new AppError("E_SOURCE_REFUSED", `${input} may not be read`, "Check its permissions.", { cause: thrown });
    }
    throw thrown;
  }
}

/** The absolute path of the file for --subtitles. Errors: those of checkInput, and those of its content. */
export async function checkSubtitles(file: string, cwd: string): Promise<string> {
  const { checkSubtitleFile } = await import("../wiring/local-checks.ts");
  const path = await checkInput(file, cwd, "look");
  await checkSubtitleFile(basename(path), path, (await stat(path)).size);
  return path;
}

/** --force must not replace the source itself. Errors: E_OUTPUT_EXISTS. */
export async function refuseInputAsOutput(inputPath: string, outputPath: string): Promise<void> {
  if (!(await isThere(outputPath))) return;
  if ((await realpath(inputPath)) !== (await realpath(outputPath))) return;
  throw new AppError("E_OUTPUT_EXISTS", "the output is the input itself", "Choose another name with -o.");
}
