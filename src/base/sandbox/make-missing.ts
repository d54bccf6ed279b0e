// Makes the files that a confined program is to write, so that a rule or a mount can name each.
import { closeSync, constants, openSync } from "node:fs";
import { errnoOf } from "../errors.ts";

/** A path that can't be opened is no error: the program then says itself what it misses. */
export function openPath(path: string, flags: number): number | null {
  try {
    return openSync(path, flags, 0o666);
  } catch (thrown) {
    if (errnoOf(thrown) !== null) return null;
    throw thrown;
  }
}

export function makeMissing(path: string): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  const fd = openPath(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW);
  if (fd !== null) closeSync(fd);
}
