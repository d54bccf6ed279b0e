// Ogg has no start of its own, and the one that libavformat finds there may lie behind the first packets of the sound
// (granule positions that begin below zero, as editors leave them that cut a stream). Files of encoded sound have no
// times before that start.
import { AppError } from "../../base/errors.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo } from "../model/source.ts";
import { audioToEncode, type StreamPlan } from "../plan/stream-plan.ts";
import { streamBeginnings } from "./stream-beginnings.ts";

/** Priming and what a first packet lacks are less. */
const MOST_EARLIER_US = 200_000;

/** Errors: E_SOURCE_REFUSED where sound that is to be encoded begins before the file does. */
export async function requireStart(
  tools: Tools,
  { path, info }: { readonly path: string; readonly info: SourceInfo },
  plan: StreamPlan,
  signal?: AbortSignal,
): Promise<void> {
  const tracks = audioToEncode(plan);
  if (info.formatName !== "ogg" || tracks.length === 0) return;
  const beginnings = await streamBeginnings(tools, path, info.formatName, signal);
  for (const { source } of tracks) {
    const earlierUs = info.startMicroseconds - (beginnings.get(source.index) ?? info.startMicroseconds);
    if (earlierUs <= MOST_EARLIER_US) continue;
    throw new AppError(
      "E_SOURCE_REFUSED",
      `its sound (stream ${source.index}) begins ${Math.round(earlierUs / 1000)} ms before the file says that it starts`,
      "Put it into a container that counts from the earliest stream first: `ffmpeg -i FILE -map 0 -c copy counted.mkv`.",
    );
  }
}
