// The lock file that this executable was built with.
import document from "../../ffmpeg.lock.json";
import { type FfmpegLock, parseLock } from "./lock.ts";

export function builtInLock(): FfmpegLock {
  return parseLock(document, "ffmpeg.lock.json");
}
