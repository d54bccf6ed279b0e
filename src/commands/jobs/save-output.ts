// Saves a job's output to a file here: chooses the path, checks that it can be written, downloads.
import { open, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { ApiClient } from "../../api/client.ts";
import { isTerminal, type JobView } from "../../api/contract.ts";
import { type DownloadTarget, downloadOutput } from "../../api/download.ts";
import { AppError, errnoOf } from "../../base/errors.ts";
import { exists, tempNameFor } from "../../base/files.ts";
import { printable } from "../../base/printable.ts";
import { afterEndHint } from "../cli/command-failure.ts";
import { formatBytes, shortId } from "../output/format.ts";
import type { ProgressDisplay } from "../output/progress-display.ts";
import { requirePossiblePath, safeOutputName } from "./output-name.ts";

/** Also false for a path that can't be examined: `requireWritableFolder` then says why. */
export async function isThere(path: string): Promise<boolean> {
  try {
    return await exists(path);
  } catch (thrown) {
    if (["EACCES", "EPERM", "ENAMETOOLONG", "ELOOP"].includes(errnoOf(thrown) ?? "")) return false;
    throw thrown;
  }
}

/** Where -o puts a new output; `name` null: -o names only the folder. Errors: E_USAGE. */
export async function placeOf(wanted: string | null, cwd: string): Promise<{ folder: string; name: string | null }> {
  if (wanted === null) return { folder: cwd, name: null };
  requirePossiblePath(wanted);
  const path = resolve(cwd, wanted);
  const isFolder = /[/\\]$/.test(wanted) || ((await isThere(path)) && (await stat(path)).isDirectory());
  return isFolder ? { folder: path, name: null } : { folder: dirname(path), name: basename(path) };
}

/** Errors: E_OUTPUT_EXISTS. */
export async function refuseExisting(path: string, mayOverwrite: boolean): Promise<void> {
  if (!(await isThere(path))) return;
  const stats = await stat(path);
  if (stats.isDirectory()) throw new AppError("E_OUTPUT_EXISTS", `${path} is a folder`, "Name a file in it.");
  if (mayOverwrite) return;
  throw new AppError("E_OUTPUT_EXISTS", `${path} exists`, "Choose another name with -o, or overwrite it with --force.");
}

/**
 * Makes an empty file next to `path` to find out before the work whether the output can be written: permissions alone don't
 * show a read-only disk, a name that is too long, a full quota. Errors: E_USAGE.
 */
export async function requireWritableFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const tried = tempNameFor(path);
  try {
    await (await open(tried, "wx")).close();
    await rm(tried);
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === "ENOENT") {
      throw new AppError("E_USAGE", `the folder ${folder} does not exist`, "Create it first.", { cause: thrown });
    }
    const what =
      errno === "ENOTDIR"
        ? "is not a folder"
        : errno === "ENAMETOOLONG"
          ? "allows no name this long"
          : "cannot be written";
    throw new AppError("E_USAGE", `the folder ${folder} ${what}`, "Choose another name with -o.", { cause: thrown });
  }
}

const SAME_CONTAINER: Readonly<Record<string, string>> = { ".m4v": ".mp4", ".m2ts": ".ts", ".mts": ".ts" };

function containerOfName(name: string): string {
  const extension = extname(name).toLowerCase();
  return SAME_CONTAINER[extension] ?? extension;
}

/** Where `jobs download -o` puts the file; in a folder it keeps the output's name. Errors: E_CONTAINER, E_USAGE. */
export async function targetFor(wanted: string | null, cwd: string, outputName: string): Promise<string> {
  if (wanted === null) return join(cwd, safeOutputName(outputName));
  requirePossiblePath(wanted);
  const own = printable(basename(outputName));
  const path = resolve(cwd, wanted);
  if ((await isThere(path)) && (await stat(path)).isDirectory()) return join(path, safeOutputName(outputName));
  if (containerOfName(path) === containerOfName(own)) return path;
  const hint = `Use a name that ends in ${extname(own)}; the container was fixed when the job was submitted.`;
  throw new AppError("E_CONTAINER", `the output is ${own}, not ${extname(path) || "a file without extension"}`, hint);
}

/** Downloads the output of a completed job. Errors: E_WRONG_STATE before that, and those of the download. */
export async function saveOutput(
  client: ApiClient,
  job: JobView,
  target: DownloadTarget,
  display: ProgressDisplay | null,
  signal: AbortSignal,
): Promise<void> {
  const { output } = job;
  if (output === null) {
    const hint = isTerminal(job.status)
      ? afterEndHint(job)
      : `\`ffcluster jobs watch ${shortId(job.job_id)}\` waits for it.`;
    throw new AppError("E_WRONG_STATE", `job ${job.job_id} is ${job.status}: it has no output`, hint);
  }
  const wanted = { jobId: job.job_id, bytes: output.bytes, sha256: output.sha256 };
  const onBytes = (have: number) => display?.bytes("Downloading", have, output.bytes);
  const onBroken = (have: number) =>
    display?.note(
      `The link to the server broke; the download goes on from ${formatBytes(have)} of ${formatBytes(output.bytes)}.`,
    );
  await downloadOutput(client, wanted, target, { onBytes, onBroken }, signal);
}
