// Whether a stream has a packet whose picture is to be shown: an edit list may hide all of them.
import { probeCompact } from "../ffmpeg/compact-lines.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";

/** ffprobe leaves packets out that lie outside of every edit, and marks as discarded what is only decoded. */
export async function showsNothing(
  tools: Tools,
  path: string,
  { formatName, video }: Pick<SourceInfo, "formatName" | "video">,
  signal?: AbortSignal,
): Promise<boolean> {
  let shown = 0;
  const args = ["-select_streams", String(video.streamIndex), "-show_entries", "packet=flags"];
  const onSection = (fields: ReadonlyMap<string, string>) => {
    if (fields.has("packet") && fields.get("flags")?.includes("D") === false) shown += 1;
  };
  const { exitCode } = await probeCompact(tools, { path, formats: formatName, args }, onSection, signal);
  return exitCode === 0 && shown === 0;
}
