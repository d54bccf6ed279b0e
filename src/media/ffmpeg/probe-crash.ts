// A source that this version of ffprobe dies of.
import { AppError } from "../../base/errors.ts";
import type { Tools } from "./tools.ts";

/** What one version dies of another may read. */
export function crashed(tools: Tools, path: string, death: string): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `ffprobe ${tools.version} crashed (${death}) on ${path}`,
    "Another version of ffmpeg may read it: name its folder in FFCLUSTER_FFMPEG_DIR.",
  );
}
