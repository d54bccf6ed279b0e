// Cover art that Matroska must get as an attached file: which streams they are, and how one becomes a file. Pure.
import { demuxerName } from "../ffmpeg/formats.ts";
import { inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";

export function coverStreams(plan: StreamPlan): SourceStream[] {
  return plan.streams.flatMap(({ action, source }) => (action.kind === "attach" ? [source] : []));
}

/** The picture's one packet as it is: a picture's packet is a picture file. Both places are `file:` URLs. */
export function coverArgs(info: SourceInfo, streamIndex: number, source: string, output: string): string[] {
  return [
    ...QUIET,
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", source],
    ...["-map", `0:${streamIndex}`, "-frames:v", "1", "-c", "copy", "-f", "data", "-y", output],
  ];
}
