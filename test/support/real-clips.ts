// Thirty short clips of real media: ten files of as many kinds, three places of each, packets as they are.
import { mkdir } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { mediaPath } from "./media.ts";

const FILMS = [
  "bbb-1080p25-62s.mp4",
  "sintel-trailer-720p24-52s.mp4",
  "cars-432p12.5-30s.mp4",
  "bbb-intro-720p24-30s.webm",
  "mpeg4-mp3-23.976.avi",
  "flower-540p29.97-5s.mp4",
  "firstpts-10s.mp4",
  "nasa-2video-2audio-2subs.mp4",
  "vp9-10bit-23.976.webm",
  "anamorphic-bpyramid.mp4",
];
const PLACES = 3;
const SECONDS = "1";

/** Null: all of the films are here; else the first that is not. */
export const missingFilm: string | null = FILMS.find((name) => mediaPath(name) === null) ?? null;

/** Makes them below a folder; their paths in it. Those of one film lie in a folder of its name. */
export async function makeRealClips(folder: string): Promise<string[]> {
  const made: string[] = [];
  for (const film of FILMS) {
    const source = mediaPath(film);
    if (source === null) throw new Error(`no ${film}`);
    for (let place = 0; place < PLACES; place++) {
      const name = join(film, `from ${place} s${extname(film)}`);
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await cut(source, String(place), join(folder, name));
      made.push(name);
    }
  }
  return made;
}

async function cut(source: string, from: string, target: string): Promise<void> {
  const args = ["-nostdin", "-v", "error", "-y", "-ss", from, "-i", source, "-t", SECONDS];
  const maps = ["-map", "0:V:0", "-map", "0:a:0?", "-c", "copy"];
  const child = Bun.spawn(["ffmpeg", ...args, ...maps, target], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [stderr, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${target}: ${stderr}`);
}
