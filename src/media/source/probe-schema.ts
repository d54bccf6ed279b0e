// The shape of ffprobe's answer about a file, as far as it is read.
import { z } from "zod";
import { isMp4 } from "../ffmpeg/formats.ts";
import { sideDataSchema } from "../model/hdr.ts";
import { tagsSchema } from "../model/tags.ts";

const streamSchema = z.object({
  index: z.number().int(),
  id: z.string().optional(),
  codec_type: z.string().optional(),
  /** As the container counts it. */
  nb_frames: z.string().optional(),
  codec_name: z.string().optional(),
  profile: z.union([z.string(), z.number()]).optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  pix_fmt: z.string().optional(),
  time_base: z.string().optional(),
  r_frame_rate: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  field_order: z.string().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  chroma_location: z.string().optional(),
  start_pts: z.number().optional(),
  has_b_frames: z.number().int().optional(),
  sample_rate: z.string().optional(),
  channels: z.number().int().optional(),
  channel_layout: z.string().optional(),
  disposition: z.record(z.string(), z.number()).optional(),
  tags: tagsSchema.optional(),
  side_data_list: z.array(sideDataSchema).optional(),
});
export type ProbedStream = z.infer<typeof streamSchema>;

export const probeSchema = z.object({
  streams: z.array(streamSchema),
  chapters: z.array(z.unknown()).optional(),
  format: z.object({
    format_name: z.string(),
    start_time: z.string().optional(),
    duration: z.string().optional(),
    tags: tagsSchema.optional(),
  }),
});
export type ProbeAnswer = z.infer<typeof probeSchema>;

/** Pictures of the longest video as an MP4's header counts them; 0: other containers, where such a count is a guess. */
export function announcedPictures({ streams, format }: ProbeAnswer): number {
  if (!isMp4(format.format_name)) return 0;
  const videos = streams.filter(({ codec_type: type }) => type === "video");
  return Math.max(0, ...videos.map(({ nb_frames: frames }) => Number(frames ?? 0)));
}
