// The refusal of a source that crashes this version of ffprobe.
import { AppError } from "../../base/errors.ts";
import type { Tools } from "./tools.ts";

/** A file that crashes one version may be readable for another. */
export function crashed(tools: Tools, path: string, death: string): AppError {
  return new AppError(
    "E_SOURCE_REFUSED",
    `ffprobe ${tools.version} crashed (${death}) on ${path}`,
    "Another version of ffmpeg may read it: name its folder in FFCLUSTER_FFMPEG_DIR.",
  );
}
