// Recognises a full disk in errors of the system, of SQLite, and in the output of programs.
import { AppError, errnoOf } from "./errors.ts";

const WORDS = /No space left on device|Disk quota exceeded|not enough space on the disk/i;

export function isNoSpace(thrown: unknown): boolean {
  const errno = errnoOf(thrown);
  if (errno === "ENOSPC" || errno === "EDQUOT" || errno === "SQLITE_FULL") return true;
  if (thrown instanceof AppError && thrown.code === "E_NO_SPACE") return true;
  return thrown instanceof Error && saysNoSpace(thrown.message);
}

/** Looks at the last lines of a program's stderr. */
export function saysNoSpace(text: string): boolean {
  return WORDS.test(text);
}

/** Turns an error of a full disk into E_NO_SPACE; any other is returned as it is. `hint` says what to do. */
export function asNoSpace(thrown: unknown, where: string, hint: string): unknown {
  if (!isNoSpace(thrown) || (thrown instanceof AppError && thrown.code === "E_NO_SPACE")) return thrown;
  return new AppError("E_NO_SPACE", `the disk of ${where} is full`, hint, { cause: thrown });
}
