// How Matroska states that a picture holds two views: its muxer reads the mode from a tag of the stream. Pure.
import type { Container, SourceInfo } from "../model/source.ts";

/**
 * libavutil's av_stereo3d_type_name → matroska's names (libavformat/matroska.c, ff_matroska_video_stereo_mode): the left
 * view first, and inverted.
 */
const MODES: Readonly<Record<string, readonly [usual: string, inverted: string]>> = {
  "side by side": ["left_right", "right_left"],
  "top and bottom": ["top_bottom", "bottom_top"],
  checkerboard: ["checkerboard_lr", "checkerboard_rl"],
  "interleaved lines": ["row_interleaved_lr", "row_interleaved_rl"],
  "interleaved columns": ["col_interleaved_lr", "col_interleaved_rl"],
  "frame alternate": ["block_lr", "block_rl"],
};
const IN_WEBM: ReadonlySet<string> = new Set(["left_right", "right_left", "top_bottom", "bottom_top"]);

export function stereoArgs(container: Container, { sideData = [] }: Pick<SourceInfo, "sideData">): string[] {
  if (container !== "mkv" && container !== "webm") return [];
  const stereo = sideData.find(({ side_data_type: type }) => type === "Stereo 3D");
  const modes = MODES[String(stereo?.type)];
  const mode = modes?.[stereo?.inverted === 1 ? 1 : 0];
  if (mode === undefined || (container === "webm" && !IN_WEBM.has(mode))) return [];
  return ["-metadata:s:v:0", `stereo_mode=${mode}`];
}
