// A job's source must stay the same file from the moment the job is created. Compares path, size and time; never reads it.
import { realpath, stat } from "node:fs/promises";
import { AppError } from "../../../base/errors.ts";
import type { SourceRecord } from "../ports.ts";

/** Whether a source is still the same file: same place, same size, same modification time. */
export async function isUnchanged(source: SourceRecord): Promise<boolean> {
  const { realPath } = source;
  if (realPath !== undefined && (await realpath(source.path).catch(() => null)) !== realPath) return false;
  const facts = await stat(source.path).catch(() => null);
  return facts !== null && facts.size === source.bytes && Math.abs(facts.mtimeMs - source.mtimeMs) < 1;
}

export function sourceChanged(source: SourceRecord): AppError {
  return new AppError(
    "E_SOURCE_CHANGED",
    `the source ${source.name} has changed or is gone since the job was created`,
    "Submit it again once nothing writes to it.",
  );
}
