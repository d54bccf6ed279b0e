// Demuxes a finished output once: what streams it has and when each of its video frames is shown.
import { AppError } from "../base/errors.ts";
import { runTool } from "../base/process.ts";
import { type Pts, parseRational, type Rational, rational } from "../base/rational.ts";
import { fileUrl, inputGuards } from "./formats.ts";
import { lastWords } from "./stderr.ts";
import type { Tools } from "./tools.ts";
import { compactFields, TRACK_FIELDS, type TrackPackets, TrackTally } from "./track-packets.ts";

export interface OutputStreamFacts {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  readonly language: string | null;
  readonly timeBase: Rational;
  packets: number;
}

export interface OutputPackets {
  readonly streams: readonly OutputStreamFacts[];
  /** Sorted PTS of the shown frames of the first video stream, in its time base. */
  readonly videoPts: readonly Pts[];
  /** Ticks of the first video stream that its last frame is shown; null: not stated. */
  readonly lastDuration: number | null;
  /** Sound and subtitles by stream index. */
  readonly tracks: ReadonlyMap<number, TrackPackets>;
}

export const OUTPUT_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts";

/** Errors: E_STITCH when the output cannot be read. */
export async function readOutput(tools: Tools, path: string, signal?: AbortSignal): Promise<OutputPackets> {
  const packetCounts = new Map<number, number>();
  const times: { stream: number; pts: number; duration: number }[] = [];
  const tally = new TrackTally();
  const streams = new Map<number, OutputStreamFacts>();
  let firstVideo: number | null = null;
  const result = await runTool({
    program: tools.ffprobe,
    args: [
      "-v",
      "error",
      ...inputGuards({ formats: OUTPUT_DEMUXERS, kind: "file" }),
      "-show_entries",
      `packet=${TRACK_FIELDS}:stream=index,codec_type,codec_name,time_base:stream_tags=language`,
      "-of",
      "compact=nk=0",
      fileUrl(path),
    ],
    ...(signal === undefined ? {} : { signal }),
    onLine: (line) => {
      const fields = compactFields(line);
      if (fields.has("packet")) {
        const stream = Number(fields.get("stream_index"));
        packetCounts.set(stream, (packetCounts.get(stream) ?? 0) + 1);
        tally.add(fields);
        if (fields.get("codec_type") !== "video" || fields.get("flags")?.includes("D") === true) return;
        firstVideo = firstVideo === null ? stream : Math.min(firstVideo, stream);
        if (stream !== firstVideo) return;
        times.push({ stream, pts: Number(fields.get("pts")), duration: Number(fields.get("duration")) });
      } else if (fields.has("stream")) {
        const index = Number(fields.get("index"));
        streams.set(index, {
          index,
          type: fields.get("codec_type") ?? "other",
          codec: fields.get("codec_name") ?? "unknown",
          language: fields.get("tag:language") ?? null,
          timeBase: parseRational(fields.get("time_base") ?? "") ?? rational(1, 1000),
          packets: 0,
        });
      }
    },
  });
  if (result.ended !== "exit" || result.exitCode !== 0) {
    throw new AppError(
      "E_STITCH",
      `the output cannot be read back: ${lastWords(result.stderrTail)}`,
      "Look at the disk the server works on, then submit again.",
    );
  }
  for (const stream of streams.values()) stream.packets = packetCounts.get(stream.index) ?? 0;
  const shown = times.filter((time) => time.stream === firstVideo).sort((a, b) => a.pts - b.pts);
  const lastDuration = shown.at(-1)?.duration ?? Number.NaN;
  return {
    streams: [...streams.values()].sort((a, b) => a.index - b.index),
    videoPts: shown.map((time) => time.pts),
    lastDuration: Number.isNaN(lastDuration) ? null : lastDuration,
    tracks: tally.tracks(new Map([...streams.values()].map((stream) => [stream.index, stream.timeBase]))),
  };
}
