// Names that Windows can't keep, wherever they are to be written (Microsoft, "Naming Files, Paths, and Namespaces"). Pure.

/** Names of devices, with or without an extension. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i;
const FORBIDDEN = /[/\\<>:"|?*]/;

/** A device's name, with any extension. */
export function isDeviceName(name: string): boolean {
  return RESERVED.test(name);
}

/** Why a file or folder can't have this name there, to follow "it "; null: it can. */
export function nameObjection(name: string): string | null {
  const forbidden = FORBIDDEN.exec(name)?.[0];
  if (forbidden !== undefined) return `holds ${forbidden}, which no name on Windows can`;
  if ([...name].some((letter) => letter < " ")) return "holds characters that do not show";
  if (isDeviceName(name)) return "is the name of a device on Windows";
  return /[. ]$/.test(name) ? "ends in a dot or a space, which Windows leaves out" : null;
}

/** The first part of a path that can't be its name, and why; null: all can. `C:`, `\\server\share` and `..` are no names. */
export function pathObjection(path: string): { readonly part: string; readonly why: string } | null {
  const rest = path.replace(/^[\\/]{2}[?.][\\/]/, "").replace(/^[a-z]:/i, "");
  for (const part of rest.split(/[\\/]+/)) {
    const why = part === "" || part === "." || part === ".." ? null : nameObjection(part);
    if (why !== null) return { part, why };
  }
  return null;
}
