// Checks INPUT and the output's path on this machine, before any call to a server.
import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { AppError, errnoOf } from "../../base/errors.ts";
import { isThere } from "../jobs/save-output.ts";

const ELSEWHERE = "Check the path; a file on the server needs --on-server.";

/**
 * The absolute path of INPUT. `whenMissing` is the hint when there is no such file.
 * Errors: E_USAGE for an empty name, E_SOURCE_MISSING, E_SOURCE_EMPTY, E_SOURCE_REFUSED.
 */
export async function checkInput(input: string, cwd: string, whenMissing = ELSEWHERE): Promise<string> {
  const give = "Give the path of one video file.";
  if (input === "") throw new AppError("E_USAGE", "the name of the file is empty", give);
  const path = resolve(cwd, input);
  try {
    const stats = await stat(path);
    if (!stats.isFile()) {
      const what = stats.isDirectory() ? "a folder" : "not a regular file";
      const hint = stats.isDirectory() ? `${give} In the folder of a DVD that is a .vob file in VIDEO_TS.` : give;
      throw new AppError("E_SOURCE_REFUSED", `${input} is ${what}`, hint);
    }
    if (stats.size === 0) throw new AppError("E_SOURCE_EMPTY", `${input} is empty`, "Give a video file.");
    await access(path, constants.R_OK);
    return path;
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === "ENOENT" || errno === "ENOTDIR") {
      throw new AppError("E_SOURCE_MISSING", `${input} does not exist`, whenMissing, { cause: thrown });
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
  const path = await checkInput(file, cwd, "Check the path.");
  await checkSubtitleFile(basename(path), path, (await stat(path)).size);
  return path;
}

/** --force must not replace the source itself. Errors: E_OUTPUT_EXISTS. */
export async function refuseInputAsOutput(inputPath: string, outputPath: string): Promise<void> {
  if (!(await isThere(outputPath))) return;
  if ((await realpath(inputPath)) !== (await realpath(outputPath))) return;
  throw new AppError("E_OUTPUT_EXISTS", "the output is the input itself", "Choose another name with -o.");
}
