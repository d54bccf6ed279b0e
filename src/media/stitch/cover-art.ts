// Cover art that Matroska stores as an attached file: which streams these are, and how to write one as a file. Pure.
import { demuxerName } from "../ffmpeg/formats.ts";
import { inputGuards, QUIET } from "../ffmpeg/tool-args.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";
import type { StreamPlan } from "../plan/stream-plan.ts";

export function coverStreams(plan: StreamPlan): SourceStream[] {
  return plan.streams.flatMap(({ action, source }) => (action.kind === "attach" ? [source] : []));
}

/** Writes the stream's only packet as it is, which is a picture file. Both paths are `file:` URLs. */
export function coverArgs(info: SourceInfo, streamIndex: number, source: string, output: string): string[] {
  return [
    ...QUIET,
    ...inputGuards({ formats: info.formatName, kind: "file" }),
    ...["-f", demuxerName(info.formatName), "-i", source],
    ...["-map", `0:${streamIndex}`, "-frames:v", "1", "-c", "copy", "-f", "data", "-y", output],
  ];
}
