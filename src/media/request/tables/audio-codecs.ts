// The accepted audio and subtitle encoders, and the options of audio encoders.
import { refuse } from "../values/refuse.ts";

/** ffmpeg's encoder name → ffprobe's codec name. */
export const AUDIO_ENCODERS: ReadonlyMap<string, string> = new Map([
  ["aac", "aac"],
  ["libfdk_aac", "aac"],
  ["aac_at", "aac"],
  ["ac3", "ac3"],
  ["eac3", "eac3"],
  ["libmp3lame", "mp3"],
  ["mp2", "mp2"],
  ["libopus", "opus"],
  ["libvorbis", "vorbis"],
  ["flac", "flac"],
  ["alac", "alac"],
  ["pcm_s16le", "pcm_s16le"],
  ["pcm_s24le", "pcm_s24le"],
  ["pcm_s32le", "pcm_s32le"],
  ["pcm_f32le", "pcm_f32le"],
]);

const AUDIO_ALIASES: ReadonlyMap<string, string> = new Map([
  ["mp3", "libmp3lame"],
  ["opus", "libopus"],
  ["vorbis", "libvorbis"],
]);

export const SUBTITLE_ENCODERS: ReadonlyMap<string, string> = new Map([
  ["mov_text", "mov_text"],
  ["srt", "subrip"],
  ["subrip", "subrip"],
  ["webvtt", "webvtt"],
  ["ass", "ass"],
]);

/** Options of audio encoders, without the dash. */
export const AUDIO_OPTIONS: ReadonlySet<string> = new Set(
  (
    "aac_coder aac_ms aac_is aac_pns aac_tns application frame_duration packet_loss fec vbr mapping_family apply_phase_inv " +
    "compression_level reservoir joint_stereo abr dialnorm cutoff afterburner lpc_type lpc_passes"
  ).split(" "),
);

export function findAudioEncoder(option: string, value: string): string {
  const name = AUDIO_ALIASES.get(value) ?? value;
  if (AUDIO_ENCODERS.has(name)) return name;
  throw refuse(
    option,
    `"${value.slice(0, 40)}" is not an accepted audio encoder`,
    `Use copy or one of: ${[...AUDIO_ENCODERS.keys()].join(", ")}.`,
  );
}

export function findSubtitleEncoder(option: string, value: string): string {
  if (SUBTITLE_ENCODERS.has(value)) return value;
  throw refuse(
    option,
    `"${value.slice(0, 40)}" is not an accepted subtitle encoder`,
    `Use copy or one of: ${[...SUBTITLE_ENCODERS.keys()].join(", ")}.`,
  );
}
