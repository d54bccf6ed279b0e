// Whether a path stays below a folder, links followed.
import { lstat, realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, sep } from "node:path";

export function isWithin(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return !inside.startsWith(`..${sep}`) && inside !== ".." && !isAbsolute(inside);
}

/**
 * By the part of the path that is there, and any link that leads nowhere: whether there is such a file outside makes no
 * difference, which is none of the sender's business.
 */
export async function leadsOutside(realRoot: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => null);
  if (real !== null) return !isWithin(realRoot, real);
  const isLink = await lstat(path).then(
    (facts) => facts.isSymbolicLink(),
    () => false,
  );
  return isLink || dirname(path) === path || (await leadsOutside(realRoot, dirname(path)));
}
