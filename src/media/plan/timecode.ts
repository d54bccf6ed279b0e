// The timecode of the first frame: where the source states it, and how the muxer gets it. Pure.
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";

/** As the picture's stream has it, else a timecode track (`tmcd` of MOV and MP4), else the file (MXF). */
export function timecodeOf({ video, streams, timecode }: SourceInfo): string | null {
  const own = streams.find(({ index }) => index === video.streamIndex)?.timecode;
  const track = streams.find((stream) => stream.type === "data" && stream.timecode !== undefined)?.timecode;
  return own ?? track ?? timecode ?? null;
}

/** Null when there is none, or `-metadata` or `-map_metadata -1` overrides it. */
export function keptTimecode(info: SourceInfo, { metadata }: EncodeRequest): string | null {
  const isReplaced = metadata.tags.some(({ key }) => key.toLowerCase() === "timecode");
  return metadata.keepSource && !isReplaced ? timecodeOf(info) : null;
}

/** A tag of the picture's stream: the muxers of MP4 and MOV make a timecode track of it, Matroska keeps the tag. */
export function timecodeArgs(timecode: string | null): string[] {
  return timecode === null ? [] : ["-metadata:s:v:0", `timecode=${timecode}`];
}
