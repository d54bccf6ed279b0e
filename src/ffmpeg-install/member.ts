// A member of an archive, whatever its form, and what may be taken of it. Nothing is ever written under a member's own path;
// an archive with a member that leads out of it is refused all the same, for it was made to do harm.
import { AppError } from "../base/errors.ts";

export interface Member {
  /** As the archive says it, with `/`. */
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
  readonly bytes: number;
  /** Read it to its end, or not at all. */
  body(): AsyncIterable<Uint8Array>;
}

export function refuseArchive(path: string, what: string, cause?: unknown): AppError {
  const hint = "Nothing of it was installed. Take another source with --source, or correct your lock file.";
  return new AppError("E_ARCHIVE", `${path}: ${what}`, hint, { cause });
}

/** Why a name leads out of the folder that it is unpacked in; null: it does not. */
export function leadsOut(name: string): string | null {
  if (name === "" || name.includes("\0")) return "has no proper name";
  if (/^[/\\]|^[A-Za-z]:/.test(name)) return "has an absolute path";
  return name.split(/[/\\]/).includes("..") ? "leads out of it" : null;
}

export function baseNameOf(name: string): string {
  return name.split("/").at(-1) ?? "";
}
