// Finds the files of a library: those that are named, and the videos in folders. Videos are told by their extension; whether
// one really is a video shows when it is submitted.
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { AppError, errnoOf, toAppError } from "../../base/errors.ts";
import { checkInput } from "../submitting/check-input.ts";

/** What ffmpeg reads as a video, without formats of single pictures. */
const VIDEO_EXTENSIONS = new Set(
  [
    "mp4 m4v mov qt mkv mk3d webm ts m2ts mts m2t trp tod mod mpg mpeg mpe mpv m1v m2v vob avi divx wmv asf wtv dvr-ms",
    "flv f4v 3gp 3g2 ogv ogm mxf gxf dv rm rmvb nut mj2 y4m ivf obu av1 h264 264 avc h265 265 hevc vc1",
  ].flatMap((line) => line.split(" ")),
);

export interface FoundFile {
  readonly path: string;
  /** The folder that was named, or the folder of a file that was. */
  readonly root: string;
  /** Path below `root`. */
  readonly relative: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

export interface Found {
  readonly files: readonly FoundFile[];
  /** What can't be taken: a name without a file, a folder that can't be read. */
  readonly bad: readonly { readonly path: string; readonly error: AppError }[];
  /** Files in folders that are no videos by their name. */
  readonly leftOut: number;
}

export interface FindOptions {
  readonly cwd: string;
  readonly isRecursive: boolean;
  /** Absolute paths of folders and files that hold outputs. */
  readonly isOurs: (path: string) => boolean;
  readonly signal: AbortSignal;
}

export function isVideoName(name: string): boolean {
  return VIDEO_EXTENSIONS.has(extname(name).slice(1).toLowerCase());
}

class Search {
  readonly files = new Map<string, FoundFile>();
  readonly bad: { path: string; error: AppError }[] = [];
  leftOut = 0;
  readonly #options: FindOptions;

  constructor(options: FindOptions) {
    this.#options = options;
  }

  async take(input: string): Promise<void> {
    const path = resolve(this.#options.cwd, input);
    try {
      if (input !== "" && (await stat(path)).isDirectory()) await this.#walk(path, path);
      else await this.#add(await checkInput(input, this.#options.cwd), dirname(path));
    } catch (thrown) {
      await this.#refuse(input, path, thrown);
    }
  }

  /** As checkInput says it, where that knows the reason. */
  async #refuse(input: string, path: string, thrown: unknown): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (errnoOf(thrown) !== null && !(thrown instanceof AppError)) {
      const better = await checkInput(input, this.#options.cwd).catch((reason: unknown) => reason);
      if (better instanceof AppError) return void this.bad.push({ path, error: better });
    }
    this.bad.push({ path, error: toAppError(thrown) });
  }

  async #add(path: string, root: string): Promise<void> {
    const { size, mtimeMs } = await stat(path);
    if (this.files.has(path)) return;
    this.files.set(path, { path, root, relative: relative(root, path), bytes: size, mtimeMs });
  }

  async #walk(folder: string, root: string): Promise<void> {
    this.#options.signal.throwIfAborted();
    const entries = await readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      try {
        await this.#look(entry, path, root);
      } catch (thrown) {
        this.#options.signal.throwIfAborted();
        if (errnoOf(thrown) === "ENOENT") continue; // deleted since the folder was read
        this.bad.push({ path, error: unreadable(path, thrown) });
      }
    }
  }

  /** Links to files are followed, links to folders are not: they may lead in circles. */
  async #look(entry: Dirent, path: string, root: string): Promise<void> {
    const isHidden = entry.name.startsWith(".");
    if (entry.isDirectory()) {
      if (isHidden || !this.#options.isRecursive || this.#options.isOurs(path)) return;
      return await this.#walk(path, root);
    }
    if (isHidden || this.#options.isOurs(path)) return;
    if (!isVideoName(entry.name)) {
      this.leftOut += 1;
      return;
    }
    if (entry.isFile() || (await stat(path)).isFile()) await this.#add(path, root);
  }
}

function unreadable(path: string, thrown: unknown): AppError {
  const errno = errnoOf(thrown);
  if (errno !== "EACCES" && errno !== "EPERM") return toAppError(thrown);
  const message = `${basename(path)} may not be read`;
  return new AppError("E_SOURCE_REFUSED", message, "Check its permissions.", { cause: thrown });
}

/** In the order of the inputs, in folders in the order of the names; each file once. */
export async function findFiles(inputs: readonly string[], options: FindOptions): Promise<Found> {
  const search = new Search(options);
  for (const input of inputs) await search.take(input);
  return { files: [...search.files.values()], bad: search.bad, leftOut: search.leftOut };
}
