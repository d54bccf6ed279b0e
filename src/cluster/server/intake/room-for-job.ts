// Whether the work directory has room for a job, as far as that is known before its first frame.
import { AppError } from "../../../base/errors.ts";
import { freeBytes } from "../../../base/files.ts";

/** For the database and the first segments, whatever the job is. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;
/** Segments stay until the output is made and proven, which is as large as they are. */
const COPIES = 2;

/** What is asked of an output; null: nothing says how large it will be. */
export interface AskedSize {
  /** Of the whole output, from -size. */
  readonly bytes: number | null;
  /** Of the video, from -b:v. */
  readonly bitsPerSecond: number | null;
  readonly seconds: number | null;
}

/** At least. */
export function neededBytes({ bytes, bitsPerSecond, seconds }: AskedSize): number {
  const output = bytes ?? (bitsPerSecond === null || seconds === null ? 0 : (bitsPerSecond / 8) * seconds);
  return LEAST_FREE_BYTES + COPIES * Math.ceil(output);
}

function sizeText(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  return mib < 10_000 ? `${Math.ceil(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

/** Errors: E_NO_SPACE, with what is free and what is needed. */
export async function requireRoom(workDir: string, needed = LEAST_FREE_BYTES): Promise<void> {
  const free = await freeBytes(workDir);
  if (free >= needed) return;
  const message = `the server's work directory has ${sizeText(free)} free, and this job needs at least ${sizeText(needed)}`;
  const hint = "Free some space there, or start the server with another --work-dir.";
  throw new AppError("E_NO_SPACE", message, hint);
}
