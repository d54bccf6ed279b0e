// Removes what a previous process of this identity may have left: running encoders and old segment folders. This
// process holds the identity's lock, so no other one uses its folder.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../../base/files.ts";
import { endLeftovers, writesBelow } from "../../base/leftovers.ts";
import type { Log } from "../../base/log.ts";

/** Ends ffmpegs that write segments below `folder`. */
export function endLeftoverEncoders(folder: string, ffmpegPath: string, log: Log): Promise<number[]> {
  return endLeftovers((command) => isEncoderIn(command, folder, ffmpegPath), log);
}

export function isEncoderIn(command: readonly string[], folder: string, ffmpegPath: string): boolean {
  return writesBelow(command, ffmpegPath, join(folder, "segment_"));
}

/** Removes the segment folders of this identity except those in `keep`. */
export async function removeOldSegments(folder: string, keep: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.startsWith("segment_") && !keep.has(path)) await removeTree(path);
  }
}
