// Shows the findings of `probe` as text. Pure.
import type { Preview } from "../wiring/run-probe.ts";
import { formatBytes } from "./format.ts";
import { fields, type Look, table } from "./table.ts";

type PreviewRate = Preview["video"]["frame_rate"];
type PreviewStream = Preview["streams"][number];

function seconds(value: number): string {
  return `${value.toFixed(3).replace(/\.?0+$/, "")} s`;
}

function frameRateText(rate: PreviewRate): string {
  switch (rate.kind) {
    case "constant":
      return `constant, ${rate.rate.endsWith("/1") ? rate.rate.slice(0, -2) : `${rate.rate} (${rate.fps.toFixed(3)})`}`;
    case "variable":
      return `variable, ${rate.mean_fps.toFixed(3)} on average, ${seconds(rate.shortest_seconds)} to ${seconds(rate.longest_seconds)} between frames`;
    case "unknown":
      return `unknown: ${rate.reason}`;
  }
}

function framesText({ frames, uncounted }: Preview["video"]): string {
  if (frames === null) return "not known before decoding: the file gives them no times";
  const apart = [
    [uncounted.discarded, "hidden by an edit list"],
    [uncounted.leading, "before the first key frame"],
    [uncounted.same_time, "sharing another's time"],
  ].flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  return apart.length === 0 ? String(frames) : `${frames} (not counted: ${apart.join(", ")})`;
}

function keyFramesText(spacing: Preview["video"]["key_frames"]): string {
  if (spacing === null) return "none found";
  const mean = `every ${spacing.mean_frames.toFixed(1)} frames (${seconds(spacing.mean_seconds)})`;
  return `${spacing.count}, ${mean} on average, longest ${spacing.longest_frames} (${seconds(spacing.longest_seconds)})`;
}

function actionText({ action, encoder, reason }: PreviewStream): string {
  switch (action) {
    case "encode":
      return `encode with ${encoder}`;
    case "convert":
      return `convert to ${encoder}`;
    case "copy":
      return "copy";
    case "leave-out":
      return `left out: ${reason}`;
  }
}

export function probeText(seen: Preview, look: Look): string {
  const { video, split, request } = seen;
  const { range, space, transfer, primaries, chroma_location } = video.colour;
  const colour = [range, primaries, transfer, space, chroma_location].map((word) => word ?? "?").join(" / ");
  const isColourStated = Object.values(video.colour).some((word) => word !== null);
  const about = fields(
    [
      ["file", `${seen.file}, ${formatBytes(seen.bytes)}`],
      ["container", `${seen.container}${seen.chapters > 0 ? `, ${seen.chapters} chapters` : ""}`],
      [
        "duration",
        `${seen.duration_seconds === null ? "not stated" : seconds(seen.duration_seconds)}, starts at ${seconds(seen.start_seconds)}`,
      ],
      ["video", `${video.codec}${video.profile === null ? "" : ` (${video.profile})`}, stream ${video.stream_index}`],
      ["picture", `${video.width}x${video.height} ${video.pixel_format}${video.has_alpha ? ", with alpha" : ""}`],
      ["frame rate", frameRateText(video.frame_rate)],
      ["frames", framesText(video)],
      ["key frames", keyFramesText(video.key_frames)],
      ["colour", !isColourStated ? "not stated" : `${colour}  (range / primaries / transfer / matrix / chroma)`],
      ["rotation", `${video.rotation_degrees} degrees`],
      ["pixel aspect", video.sample_aspect_ratio ?? "not stated"],
      ["field order", video.field_order ?? "not stated"],
      ["request", `${request.ffmpeg_params} → ${request.output_name} (${request.container})`],
      ["ffmpeg", [`${seen.ffmpeg.version} here`, ...seen.ffmpeg.lacks].join(", ")],
      ...(request.video_bits_per_second === null
        ? []
        : [["bit rate", `${Math.round(request.video_bits_per_second / 1000)} kbit/s for the video`] as const]),
      ["passes", request.passes === 2 ? "2: measure every segment, then encode each to its share of the bits" : "1"],
      ["split", split.mode === "keyframes" ? "on key frames" : `one segment: ${split.reason}`],
    ],
    look.width,
  );
  const streams = table(
    [
      { title: "STREAM" },
      { title: "TYPE" },
      { title: "CODEC" },
      { title: "LANGUAGE", drop: 2 },
      { title: "FLAGS", drop: 1 },
      { title: "WHAT BECOMES OF IT", wraps: true },
    ],
    seen.streams.map((stream) => [
      String(stream.index),
      stream.type,
      stream.codec,
      stream.language ?? "-",
      stream.dispositions.join(" ") || "-",
      actionText(stream),
    ]),
    look,
  );
  const outlook = table(
    [
      { title: "CLIENTS", align: "right" },
      { title: "ABOUT SEGMENTS", align: "right" },
      { title: "CLIENTS BUSY", align: "right" },
      { title: "LONGEST", align: "right" },
    ],
    split.outlook.map((row) => [
      String(row.clients),
      String(row.segments),
      String(row.busy_clients),
      seconds(row.longest_segment_seconds),
    ]),
    look,
  );
  return `${about}\n${streams}\n${outlook}`;
}
