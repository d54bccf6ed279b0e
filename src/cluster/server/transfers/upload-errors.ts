// What may go wrong with an upload as a whole, in words.
import { AppError } from "../../../base/errors.ts";

/** Space that an upload must leave free for the database and the first segments. */
export const RESERVE_BYTES = 32 * 1024 * 1024;
/** Open at a time; each holds a note, and space that nobody else may have. */
export const MOST_UPLOADS = 200;

export function unknownUpload(id: string): AppError {
  return new AppError("E_UNKNOWN_ID", `no upload with id ${id}`, "It was ended, or another sender took it over.");
}

export function tooMany(): AppError {
  const hint = "Wait until one has ended; those that get no bytes for a day are discarded.";
  return new AppError("E_BUSY", `${MOST_UPLOADS} uploads are open, the most that the server takes`, hint, {
    retry: true,
  });
}

export function noSpace(wanted: number, free: number): AppError {
  const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  return new AppError(
    "E_NO_SPACE",
    `the server's work directory has ${mib(free)} free, the upload needs ${mib(wanted + RESERVE_BYTES)}`,
    "Free some space there, or start the server with another --work-dir.",
  );
}

export function wrongDigest(): AppError {
  const hint = "It was damaged on the network or on a disk; submit it again.";
  return new AppError("E_DIGEST", "the upload's digest is wrong", hint);
}
