// Demuxes a finished output once: its streams, the tags of its picture, the display times of its video frames, and the
// packets of its sound and subtitles.
import { z } from "zod";
import { AppError } from "../../base/errors.ts";
import { succeeded } from "../../base/process/run-process.ts";
import { type Pts, parseRational, type Rational, rational } from "../../base/rational.ts";
import { PROBE_LINES_FORMAT, ProbeLines } from "../ffmpeg/probe-lines.ts";
import { runTool } from "../ffmpeg/run-tool.ts";
import { lastWords } from "../ffmpeg/stderr.ts";
import { fileUrl, inputGuards } from "../ffmpeg/tool-args.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import { type TrackPackets, TrackTally } from "../index/track-packets.ts";
import { sideDataSchema } from "../model/hdr.ts";
import { tagsSchema } from "../model/tags.ts";

export interface OutputStreamFacts {
  readonly index: number;
  readonly type: string;
  readonly codec: string;
  readonly language: string | null;
  readonly timeBase: Rational;
  readonly packets: number;
}

export interface OutputPackets {
  readonly streams: readonly OutputStreamFacts[];
  /** Properties of the first video stream from the container and its header; null: there is none. */
  readonly picture: OutputPicture | null;
  /** Sorted PTS of the shown frames of the first video stream, in its time base. */
  readonly videoPts: readonly Pts[];
  /** The bytes of each of them. */
  readonly videoBytes: readonly number[];
  /** Of these, the times of its key frames. */
  readonly keyPts: ReadonlySet<Pts>;
  /** Sound and subtitles by stream index. */
  readonly tracks: ReadonlyMap<number, TrackPackets>;
}

export const OUTPUT_DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts";

const streamSchema = z.object({
  index: z.number().int(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  profile: z.string().optional(),
  pix_fmt: z.string().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  time_base: z.string().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  chroma_location: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  field_order: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  tags: tagsSchema.optional(),
  side_data_list: z.array(sideDataSchema).optional(),
});
export type OutputPicture = z.infer<typeof streamSchema>;

const headerSchema = z.object({ streams: z.array(streamSchema) });

/** As ffprobe writes it; not validated, because there are millions. */
interface PacketFields {
  readonly codec_type?: string;
  readonly stream_index?: number;
  readonly pts?: number;
  readonly duration?: number;
  readonly size?: string;
  readonly flags?: string;
}

/** Errors: E_STITCH when the output cannot be read. */
export async function readOutputPackets(
  tools: Tools,
  path: string,
  signal?: AbortSignal,
  formats = OUTPUT_DEMUXERS,
): Promise<OutputPackets> {
  const packetCounts = new Map<number, number>();
  const times: { stream: number; pts: number; bytes: number; isKey: boolean }[] = [];
  const tally = new TrackTally();
  const lines = new ProbeLines((packet) => {
    const {
      codec_type: type = "",
      stream_index: stream = Number.NaN,
      flags = "",
      size,
      ...ticks
    } = packet as PacketFields;
    const { pts = Number.NaN, duration = Number.NaN } = ticks;
    packetCounts.set(stream, (packetCounts.get(stream) ?? 0) + 1);
    tally.add({ type, stream, pts, duration, bytes: Number(size) });
    if (type === "video" && !flags.includes("D"))
      times.push({ stream, pts, bytes: Number(size), isKey: flags.includes("K") });
  });
  const result = await runTool({
    tools,
    program: "ffprobe",
    reads: [path],
    writes: [],
    args: [
      ...["-v", "error", ...inputGuards({ formats, kind: "file" })],
      ...["-show_entries", "packet=codec_type,stream_index,pts,duration,size,flags", "-show_streams"],
      ...["-of", PROBE_LINES_FORMAT, fileUrl(path)],
    ],
    signal,
    onLine: (line) => lines.add(line),
  });
  if (!succeeded(result)) {
    throw new AppError(
      "E_STITCH",
      `the output cannot be read back: ${lastWords(result.stderrTail)}`,
      "Look at the disk the server works on, then submit again.",
    );
  }
  const found = headerSchema.parse(lines.end()).streams.sort((a, b) => a.index - b.index);
  const streams = found.map((stream) => ({
    index: stream.index,
    type: stream.codec_type ?? "other",
    codec: stream.codec_name ?? "unknown",
    language: stream.tags?.language ?? null,
    timeBase: parseRational(stream.time_base ?? "") ?? rational(1, 1000),
    packets: packetCounts.get(stream.index) ?? 0,
  }));
  const picture = found.find((stream) => stream.codec_type === "video") ?? null;
  const shown = times.filter(({ stream }) => stream === picture?.index).sort((a, b) => a.pts - b.pts);
  return {
    streams,
    picture,
    videoPts: shown.map(({ pts }) => pts),
    videoBytes: shown.map(({ bytes }) => bytes),
    keyPts: new Set(shown.filter(({ isKey }) => isKey).map(({ pts }) => pts)),
    tracks: tally.tracks(new Map(streams.map(({ index, timeBase }) => [index, timeBase]))),
  };
}
