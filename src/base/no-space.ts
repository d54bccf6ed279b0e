// Recognises a full disk, whoever says so: the system, SQLite, or a tool in its last words.
import { AppError, errnoOf } from "./errors.ts";

const WORDS = /No space left on device|Disk quota exceeded|not enough space on the disk/i;

export function isNoSpace(thrown: unknown): boolean {
  const errno = errnoOf(thrown);
  if (errno === "ENOSPC" || errno === "EDQUOT" || errno === "SQLITE_FULL") return true;
  if (thrown instanceof AppError && thrown.code === "E_NO_SPACE") return true;
  return thrown instanceof Error && saysNoSpace(thrown.message);
}

/** Of a tool's last words. */
export function saysNoSpace(text: string): boolean {
  return WORDS.test(text);
}

/** What it was as E_NO_SPACE when it was that; else as it is. `hint` says what goes on once there is room. */
export function asNoSpace(thrown: unknown, where: string, hint: string): unknown {
  if (!isNoSpace(thrown) || (thrown instanceof AppError && thrown.code === "E_NO_SPACE")) return thrown;
  return new AppError("E_NO_SPACE", `the disk of ${where} is full`, hint, { cause: thrown });
}
