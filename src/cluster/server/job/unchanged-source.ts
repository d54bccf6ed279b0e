// A job's source must stay the same file from the moment the job is created. Compares path, size and time; never reads it.
import { realpath } from "node:fs/promises";
import { AppError } from "../../../base/errors.ts";
import { exists } from "../../../base/files.ts";
import { liesAt, type OpenRegular, openRegular } from "../../../base/open-regular.ts";
import type { SourceRecord } from "./job-record.ts";
import type { RemoteReader } from "./remote-reader.ts";

/**
 * The source, open, if it is still the same file: same place, same size, same modification time. What is asked is the open
 * file, so that what is read from it is what was checked.
 */
export async function openUnchanged(source: SourceRecord): Promise<OpenRegular | null> {
  const { realPath, path } = source;
  if (realPath !== undefined && (await realpath(path).catch(() => null)) !== realPath) return null;
  const file = await openRegular(realPath ?? path).catch(() => null);
  if (file === null) return null;
  const { size, mtimeMs } = file.facts;
  const isSame = size === source.bytes && Math.abs(mtimeMs - source.mtimeMs) < 1;
  if (isSame && (realPath === undefined || (await liesAt(file.handle, realPath)))) return file;
  await file.handle.close();
  return null;
}

/** Whether a source is still the same file. */
export async function isUnchanged(source: SourceRecord): Promise<boolean> {
  await using file = await openUnchanged(source);
  return file !== null;
}

/**
 * Why a source can't be used any more; null: it is the same. Of a remote one "known" is what the last reads met; "asked"
 * asks its host.
 */
export async function objectionTo(
  source: SourceRecord,
  remote: RemoteReader,
  how: "known" | "asked",
): Promise<AppError | null> {
  if (source.kind !== "remote") return (await isUnchanged(source)) ? null : await sourceChanged(source);
  return how === "asked" ? await remote.ask(source) : remote.failure(source);
}

/** Says whether it is gone or another one, and what helps then. */
export async function sourceChanged({ name, path, kind }: SourceRecord): Promise<AppError> {
  const isThere = await exists(path);
  if (isThere) {
    const message = `the source ${name} has changed since the job was created`;
    return new AppError("E_SOURCE_CHANGED", message, "Submit it again once nothing writes to it.");
  }
  const message = `the source ${name} is gone: it was removed or moved after the job was created`;
  const hint =
    kind === "uploaded"
      ? "Submit it again: the server no longer has the upload."
      : "Put it back unchanged, then `ffcluster jobs retry` goes on; or submit it from where it is now.";
  return new AppError("E_SOURCE_CHANGED", message, hint);
}
