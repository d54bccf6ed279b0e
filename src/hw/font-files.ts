// The font files of this machine by name and size: what stands for its list of fonts where there is no fc-list (Windows,
// macOS, small containers). Two machines with the same files have the same fonts.
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, posix, win32 } from "node:path";
import type { Environment } from "../base/config/resolve-options.ts";
import { errnoOf } from "../base/errors.ts";

const FONT = /\.(?:ttf|ttc|otf|otc|pfb|dfont|fon)$/i;

/** Where each system keeps fonts, its own and this user's. */
export function fontFolders(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
  home: string = env.HOME || homedir(),
): string[] {
  if (platform === "win32") {
    const local = env.LOCALAPPDATA || win32.join(home, "AppData", "Local");
    const own = win32.join(local, "Microsoft", "Windows", "Fonts");
    return [win32.join(env.SystemRoot || "C:\\Windows", "Fonts"), own];
  }
  const below = (...parts: string[]) => posix.join(home, ...parts);
  if (platform === "darwin") {
    // Where macOS keeps those that it brings on demand; the number goes up with its versions.
    const assets = [5, 6, 7, 8, 9].map((version) => `/System/Library/AssetsV2/com_apple_MobileAsset_Font${version}`);
    return ["/System/Library/Fonts", "/Library/Fonts", below("Library", "Fonts"), ...assets];
  }
  const data = env.XDG_DATA_HOME || below(".local", "share");
  return ["/usr/share/fonts", "/usr/local/share/fonts", posix.join(data, "fonts"), below(".fonts")];
}

/** A line for each file, sorted: its name and its bytes. Folders that are not there, or can't be read, have none. */
export async function listFontFiles(folders: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  const waiting = [...folders];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of (await ifThere(readdir(folder, { withFileTypes: true }))) ?? []) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else if (FONT.test(entry.name)) {
        const facts = await ifThere(stat(path));
        if (facts !== null) lines.push(`${entry.name}|${facts.size}`);
      }
    }
  }
  return lines.sort();
}

const ABSENT = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP"]);

/** Null: it is not there, or nobody's to read; ffmpeg can't use it either. */
async function ifThere<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    if (!ABSENT.has(errnoOf(thrown) ?? "")) throw thrown;
    return null;
  }
}
