// Where the ffmpeg comes from that goes into an archive: a folder, or the build that ffmpeg.lock.json pins.
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bringPrograms } from "../src/ffmpeg-install/bring.ts";
import { buildsFor, type FfmpegLock, readLock } from "../src/ffmpeg-install/lock.ts";
import { type Platform, programNames } from "../src/ffmpeg-install/platform.ts";
import { parseMirror } from "../src/ffmpeg-install/urls.ts";
import { type Target, UNIVERSAL } from "./platforms.ts";
import { joinUniversal } from "./universal.ts";

/** What no pinned build is there for: users take the one of their system. */
const WITHOUT: readonly Target[] = ["linux-x64-musl", "linux-arm64-musl"];

export interface FfmpegChoice {
  /** A folder with a folder for each platform, `none`, or null: the build that the lock file pins. */
  readonly named: string | null;
  readonly lock: string;
  /** Null: where the lock says. */
  readonly mirror: string | null;
  /** For what is downloaded; made where it is missing. */
  readonly workFolder: string;
}

async function inFolder(folder: string, platform: Platform): Promise<string> {
  for (const program of programNames(platform)) {
    await access(join(folder, program)).catch((cause: unknown) => {
      throw new Error(`${join(folder, program)} is not there`, { cause });
    });
  }
  return folder;
}

async function pinned(lock: FfmpegLock, platform: Platform, { mirror, workFolder }: FfmpegChoice): Promise<string> {
  const [build] = buildsFor(lock, platform, null);
  if (build === undefined) throw new Error(`no ffmpeg is pinned for ${platform}; use --ffmpeg FOLDER or none`);
  const into = join(workFolder, platform);
  const downloads = join(workFolder, "downloads");
  for (const folder of [into, downloads]) await mkdir(folder, { recursive: true });
  const from = mirror === null ? null : parseMirror(mirror);
  await bringPrograms({ build, platform, mirror: from, downloads, into });
  return into;
}

/** The folder with `target`'s ffmpeg and ffprobe; null: none goes in. Errors: those of the download, or a plain one. */
export async function ffmpegFor(target: Target, choice: FfmpegChoice): Promise<string | null> {
  const { named, workFolder } = choice;
  if (named === "none" || (named === null && WITHOUT.includes(target))) return null;
  const lock = named === null ? await readLock(choice.lock) : null;
  const ofPlatform = (platform: Platform) =>
    lock === null ? inFolder(join(named ?? "", platform), platform) : pinned(lock, platform, choice);
  if (target !== UNIVERSAL) return await ofPlatform(target);
  const halves = [await ofPlatform("darwin-x64"), await ofPlatform("darwin-arm64")];
  const joined = join(workFolder, UNIVERSAL);
  await mkdir(joined, { recursive: true });
  for (const program of programNames("darwin-arm64")) {
    const parts = halves.map((folder) => join(folder, program));
    await joinUniversal(parts, join(joined, program));
  }
  return joined;
}
