// The name that a sender gives its file.
import { AppError } from "../base/errors.ts";

/** Keeps the last part of a sender's path, whichever platform that is. Errors: E_MALFORMED. */
export function sourceName(path: string): string {
  const last = path.split(/[/\\]/).at(-1) ?? "";
  if (last !== "" && last !== "." && last !== ".." && !/\p{Cc}/u.test(last) && last.isWellFormed()) return last;
  throw new AppError("E_MALFORMED", `${JSON.stringify(path)} is not a file name`, "Send the file's own name.");
}
