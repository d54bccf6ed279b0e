// The name of an output in a folder of this machine. Where nobody gave one with -o a server proposes it, and is not believed:
// a name may be one that a shell runs, a system knows or a person misreads.
import { AppError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { isDeviceName, pathObjection } from "../../base/windows/file-names.ts";

/** Extensions of the containers that are written. */
const EXTENSION = /\.(mp4|m4v|mov|qt|mkv|webm|ts|m2ts|mts)$/i;
const LONGEST_BYTES = 255;

function whyNot(name: string): string | null {
  if (name.startsWith(".")) return "it would be hidden";
  if (printable(name) !== name || !name.isWellFormed()) return "it holds characters that do not show";
  if (/[/\\<>:"|?*]/.test(name)) return "it holds characters that file names cannot have everywhere";
  if (isDeviceName(name)) return "it is a device's name on Windows";
  if (!EXTENSION.test(name)) return "it is not the name of a video that ffcluster makes";
  return Buffer.byteLength(name) > LONGEST_BYTES ? "it is too long" : null;
}

/** `name` as it is. Errors: E_USAGE. */
export function safeOutputName(name: string): string {
  const why = whyNot(name);
  if (why === null) return name;
  const shown = JSON.stringify(printable(name.slice(0, 100)));
  throw new AppError("E_USAGE", `the server's name for the output, ${shown}, is not taken: ${why}`, "Name it with -o.");
}

/** For a path that a person gave with -o, as it was typed. Errors: E_USAGE for one that Windows can't keep. */
export function requirePossiblePath(wanted: string, platform: NodeJS.Platform = process.platform): void {
  const objection = platform === "win32" ? pathObjection(wanted) : null;
  if (objection === null) return;
  const message = `${JSON.stringify(objection.part)} can't be the name of a file here: it ${objection.why}`;
  throw new AppError("E_USAGE", message, "Choose another name with -o.");
}
