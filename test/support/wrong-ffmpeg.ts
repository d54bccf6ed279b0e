// An ffmpeg and ffprobe that do wrong on purpose, in a folder for FFCLUSTER_FFMPEG_DIR: wrappers around the real ones
// that read from a file beside them what to do. Bash, so for POSIX systems only.
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tools } from "../../src/media/ffmpeg/tools.ts";

export type Wrong =
  | "right"
  /** Every concat stitch is refused. */
  | "fail-stitch"
  /** Every concat stitch does nothing for a minute. */
  | "slow-stitch"
  /** Every concat stitch begins when the file system of the folder given to `become` has 4 MiB left. */
  | "fill-at-stitch"
  /** ffprobe does nothing for a minute where it reads a source's packets. */
  | "slow-index"
  /** ffprobe does nothing for a minute where it reads a segment's packets (of codecs that the server doesn't read itself). */
  | "slow-check"
  /** Every segment encode begins with seven seconds of nothing. */
  | "slow-encode"
  /** Every segment encode but that which begins at tick 0 begins when this is no longer so. */
  | "hold-later"
  /** Every segment encode ends by a signal. */
  | "crash"
  /** The fourth frame of every segment is missing. */
  | "drop-frame"
  /** As many frames as there should be, and each the wrong way round, as by a decoder that fails. */
  | "other-pictures"
  /** As many frames as there should be, decoded right, and encoded with their levels squeezed. */
  | "wrong-levels"
  /** libx264 is asked for a profile that it does not know, and refuses every segment in its own words. */
  | "unknown-profile"
  /** A build whose libx264 takes eight bits of 4:2:0 alone. */
  | "shallow"
  /** libx264 is given 4:2:2, whatever its list says. */
  | "other-format"
  /** MPEG-4 is written with another quantizer matrix: headers that are not those of other clients. */
  | "other-headers"
  /** Only the encode of the segment that begins at tick 0 ends by a signal. */
  | "crash-on-first";

const SCRIPT = `#!/bin/bash
mode=$(cat "\${0%/*}/mode")
args=("$@")
all="$*"
case "$mode" in
  fail-stitch) [[ "$all" == *"-f concat"* ]] && { echo "refused by the test" >&2; exit 1; } ;;
  slow-stitch) [[ "$all" == *"-f concat"* ]] && { sleep 60 & wait; } ;;
  fill-at-stitch)
    if [[ "$all" == *"-f concat"* ]]; then
      folder=$(cat "\${0%/*}/fill") || exit 1
      free=$(df --output=avail -B 1 "$folder" | tail -n 1)
      head -c $((free - 4194304)) /dev/zero > "$folder/ballast"
    fi ;;
  slow-encode) [[ "$all" == *segment.nut* ]] && { sleep 7 & wait; } ;;
  hold-later)
    if [[ "$all" == *segment.nut* && "$all" != *"[a]trim=end_pts="* && "$all" != *"[a]trim=start_pts=0:"* ]]; then
      exec 9<> <(:) # waits without children, which would look like encoders
      while [[ "$mode" == hold-later ]]; do read -rt 0.1 -u 9; read -r mode < "\${0%/*}/mode"; done
    fi ;;
  crash) [[ "$all" == *segment.nut* ]] && kill -SEGV $$ ;;
  crash-on-first) [[ "$all" == *segment.nut* && "$all" == *"[a]trim=end_pts="* || "$all" == *"[a]trim=start_pts=0:"* ]] && kill -SEGV $$ ;;
  other-headers)
    args=()
    for word in "$@"; do args+=("$word"); [[ "$word" == mpeg4 ]] && args+=(-mpeg_quant 1); done ;;
  shallow)
    [[ "$all" == *"-h encoder=libx264" ]] && { echo "    Supported pixel formats: yuv420p yuvj420p"; exit 0; }
    args=()
    for word in "$@"; do args+=("\${word/#yuv420p10le/yuv420p}"); done ;;
  other-format)
    args=()
    for word in "$@"; do [[ "$word" == *segment.nut ]] && args+=(-pix_fmt yuv422p); args+=("$word"); done ;;
  unknown-profile)
    if [[ "$all" == *segment.nut* ]]; then
      args=()
      for word in "$@"; do args+=("$word"); [[ "$word" == libx264 ]] && args+=(-profile:v unheard); done
    fi ;;
  other-pictures) for i in "\${!args[@]}"; do args[$i]="\${args[$i]//'split[a][b];'/'hflip,split[a][b];'}"; done ;;
  wrong-levels) for i in "\${!args[@]}"; do args[$i]="\${args[$i]//'[v];'/',scale=in_range=full:out_range=tv,setrange=tv[v];'}"; done ;;
  drop-frame) for i in "\${!args[@]}"; do args[$i]="\${args[$i]//'[v];'/",select=not(eq(n\\\\,3))[v];"}"; done ;;
esac
exec REAL "\${args[@]}"
`;

const PROBE_SCRIPT = `#!/bin/bash
mode=$(cat "\${0%/*}/mode")
all="$*"
case "$mode" in
  slow-index) [[ "$all" == *,pts,dts,duration,size,pos,flags* ]] && { sleep 60 & wait; } ;;
  slow-check) [[ "$all" == *extradata_hash* ]] && { sleep 60 & wait; } ;;
esac
exec REAL "$@"
`;

export interface WrongFfmpeg {
  /** Without a sandbox: they read how to be wrong from their folder. */
  readonly env: { readonly FFCLUSTER_FFMPEG_DIR: string; readonly FFCLUSTER_SANDBOX: string };
  /** `fills`: the folder for "fill-at-stitch". */
  become(wrong: Wrong, fills?: string): Promise<void>;
}

/** Whether the folder holds such a wrapper, and one that says of its encoders what the real one says. */
export async function answersAsTheRealOne(folder: string): Promise<boolean> {
  const mode = await readFile(join(folder, "mode"), "utf8").catch(() => null); // another kind of ffmpeg
  return mode !== null && mode !== "shallow";
}

export async function makeWrongFfmpeg(folder: string, tools: Tools, wrong: Wrong): Promise<WrongFfmpeg> {
  await mkdir(folder, { recursive: true });
  const become = async (next: Wrong, fills?: string) => {
    if (fills !== undefined) await writeFile(join(folder, "fill"), fills);
    await writeFile(join(folder, "mode"), next);
  };
  await become(wrong);
  for (const [name, script, real] of [
    ["ffmpeg", SCRIPT, tools.ffmpeg],
    ["ffprobe", PROBE_SCRIPT, tools.ffprobe],
  ] as const) {
    await writeFile(join(folder, name), script.replace("REAL", real));
    await chmod(join(folder, name), 0o755);
  }
  return { env: { FFCLUSTER_FFMPEG_DIR: folder, FFCLUSTER_SANDBOX: "off" }, become };
}
