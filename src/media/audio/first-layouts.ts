// Which speakers the first frame of a track names. A transport or program stream has no header that says it, and what
// another container says ffprobe replaces where frames say it themselves: its answer for a stream is what it met last
// while it looked, and a broadcast changes between 5.1 and stereo at any time. ffmpeg opens the encoder for the first frame
// that it decodes.
import { probeCompact } from "../ffmpeg/compact-lines.ts";
import { restartsClock } from "../ffmpeg/formats.ts";
import type { Tools } from "../ffmpeg/tools.ts";
import type { SourceInfo, SourceStream } from "../model/source.ts";
import { mindsLayout } from "../plan/audio-layouts.ts";
import { audioToEncode, type StreamPlan } from "../plan/stream-plan.ts";

/** Enough to meet every track of an interleaved file. */
const FIRST_PACKETS = 64;

/** Codecs each of whose frames names its speakers, which may change in any container (AC-3: A/52 5.3.2, acmod). */
const NAMED_IN_FRAMES: ReadonlySet<string> = new Set(["ac3", "eac3", "dts", "mp1", "mp2", "mp3", "truehd", "mlp"]);

/** Whether ffprobe's answer for the track may be another than its first frame's. */
function mayBeLater({ formatName }: SourceInfo, { codec }: Pick<SourceStream, "codec">): boolean {
  return restartsClock(formatName) || NAMED_IN_FRAMES.has(codec);
}

type Layout = Pick<SourceStream, "channels" | "channelLayout">;

/** By stream index; absent: no frame of it among the first packets, or its speakers have no name. */
async function readLayouts(
  tools: Tools,
  { path, formatName }: { readonly path: string; readonly formatName: string },
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, Layout>> {
  const layouts = new Map<number, Layout>();
  const question = {
    path,
    formats: formatName,
    args: [
      ...["-select_streams", "a", "-read_intervals", `%+#${FIRST_PACKETS}`],
      ...["-show_entries", "frame=stream_index,channels,channel_layout"],
    ],
  };
  const onSection = (fields: ReadonlyMap<string, string>) => {
    const [stream, channels] = [Number(fields.get("stream_index")), Number(fields.get("channels"))];
    const channelLayout = fields.get("channel_layout") ?? "unknown";
    if (channelLayout === "unknown" || Number.isNaN(channels) || layouts.has(stream)) return;
    layouts.set(stream, { channels, channelLayout });
  };
  // What can't be decoded is the encode's to report.
  await probeCompact(tools, question, onSection, signal);
  return layouts;
}

/** The source with the speakers of the first frames, where an encoder minds which they are and no header is sure of them. */
export async function withFirstLayouts(
  tools: Tools,
  path: string,
  { info, plan }: { readonly info: SourceInfo; readonly plan: StreamPlan },
  signal?: AbortSignal,
): Promise<SourceInfo> {
  const minding = audioToEncode(plan).filter(
    ({ action, source }) => mindsLayout(action.settings, action.encoder) && mayBeLater(info, source),
  );
  if (minding.length === 0) return info;
  const layouts = await readLayouts(tools, { path, formatName: info.formatName }, signal);
  const streams = info.streams.map((stream) =>
    minding.some(({ source }) => source.index === stream.index) ? { ...stream, ...layouts.get(stream.index) } : stream,
  );
  return { ...info, streams };
}
