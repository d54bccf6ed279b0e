// An ffmpeg that does wrong on purpose, in a folder for FFCLUSTER_FFMPEG_DIR: a wrapper around the real one that reads
// from a file beside it what to do. Bash, so for POSIX systems only.
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tools } from "../../src/media/tools.ts";

export type Wrong =
  | "right"
  /** Every concat stitch is refused. */
  | "fail-stitch"
  /** Every concat stitch does nothing for a minute. */
  | "slow-stitch"
  /** Every segment encode ends by a signal. */
  | "crash"
  /** The fourth frame of every segment is missing. */
  | "drop-frame"
  /** Only the encode of the segment that begins at tick 0 ends by a signal. */
  | "crash-on-first";

const SCRIPT = `#!/bin/bash
mode=$(cat "\${0%/*}/mode")
args=("$@")
all="$*"
case "$mode" in
  fail-stitch) [[ "$all" == *"-f concat"* ]] && { echo "refused by the test" >&2; exit 1; } ;;
  slow-stitch) [[ "$all" == *"-f concat"* ]] && { sleep 60 & wait; } ;;
  crash) [[ "$all" == *segment.nut* ]] && kill -SEGV $$ ;;
  crash-on-first) [[ "$all" == *segment.nut* && "$all" == *"[a]trim=end_pts="* || "$all" == *"[a]trim=start_pts=0:"* ]] && kill -SEGV $$ ;;
  drop-frame) for i in "\${!args[@]}"; do args[$i]="\${args[$i]//'[v];'/",select=not(eq(n\\\\,3))[v];"}"; done ;;
esac
exec REAL "\${args[@]}"
`;

export interface WrongFfmpeg {
  readonly env: { readonly FFCLUSTER_FFMPEG_DIR: string };
  become(wrong: Wrong): Promise<void>;
}

export async function makeWrongFfmpeg(folder: string, tools: Tools, wrong: Wrong): Promise<WrongFfmpeg> {
  await mkdir(folder, { recursive: true });
  const become = (next: Wrong) => writeFile(join(folder, "mode"), next);
  await become(wrong);
  await writeFile(join(folder, "ffmpeg"), SCRIPT.replace("REAL", tools.ffmpeg));
  await chmod(join(folder, "ffmpeg"), 0o755);
  await symlink(tools.ffprobe, join(folder, "ffprobe"));
  return { env: { FFCLUSTER_FFMPEG_DIR: folder }, become };
}
