// The name of an output in a folder of this machine, where nobody gave one with -o. A server proposes it, and is not
// believed: a name may be one that a shell runs, a system knows or a person misreads.
import { AppError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";

/** Extensions of the containers that are written. */
const EXTENSION = /\.(mp4|m4v|mov|qt|mkv|webm|ts|m2ts|mts)$/i;
/** Names of devices, with or without an extension (Windows, "Naming Files, Paths, and Namespaces"). */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i;
const LONGEST_BYTES = 255;

function whyNot(name: string): string | null {
  if (name.startsWith(".")) return "it would be hidden";
  if (printable(name) !== name || !name.isWellFormed()) return "it holds characters that do not show";
  if (/[/\\<>:"|?*]/.test(name)) return "it holds characters that file names cannot have everywhere";
  if (RESERVED.test(name)) return "it is a device's name on Windows";
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
