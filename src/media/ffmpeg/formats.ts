// Which formats may be a source, and how exactly their demuxers seek. Names are ffprobe's format_name.

/** Elementary streams carry no timestamps, so there is nothing to seek by. */
const WITHOUT_TIMESTAMPS: readonly string[] = [
  "yuv4mpegpipe",
  "h264",
  "hevc",
  "vvc",
  "obu",
  "av1",
  "m4v",
  "mpegvideo",
  "vc1",
  "dirac",
  "evc",
  "mjpeg",
];

/**
 * JPEG pictures one after the other. The caller must name this demuxer: ffmpeg takes such a file for a single picture.
 */
export const RAW_JPEGS = "mjpeg";

/**
 * Demuxers that a source may use: media containers and elementary streams. Deliberately left out: everything that opens
 * other files or devices (hls, dash, concat, image2, lavfi, rtsp, sdp, playlists), and text that could pass for video.
 */
export const SOURCE_DEMUXERS: readonly string[] = [
  "mov,mp4,m4a,3gp,3g2,mj2",
  "matroska,webm",
  "mpegts",
  "mpegtsraw",
  "mpeg",
  "avi",
  "flv",
  "live_flv",
  "asf",
  "nut",
  "ogg",
  "mxf",
  "gxf",
  "ivf",
  "rm",
  "wtv",
  "dv",
  "nsv",
  "gif",
  "apng",
  "webp_anim",
  ...WITHOUT_TIMESTAMPS,
  // Refused later for having no video, with a better message than "unknown format".
  "aac",
  "ac3",
  "aiff",
  "amr",
  "flac",
  "mp3",
  "wav",
];

export const DEMUXER_WHITELIST = SOURCE_DEMUXERS.join(",");

/**
 * Demuxers with an index of key frames by timestamp: a seek lands on the requested key frame (docs/MEASURED.md §1: no
 * lead-in).
 */
const EXACT_SEEK = new Set(["mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"]);

export function seeksToKeyFrames(formatName: string): boolean {
  return EXACT_SEEK.has(formatName);
}

export function hasTimestamps(formatName: string): boolean {
  return !WITHOUT_TIMESTAMPS.includes(formatName);
}

const DRAWS_OVER = new Set(["gif", "apng", "webp_anim"]);

/**
 * GIF and similar formats mark every picture as a key frame but draw each one over those before it, so they can't be
 * sought.
 */
export function drawsOverEarlierFrames(formatName: string): boolean {
  return DRAWS_OVER.has(formatName);
}

/** AVFMT_TS_DISCONT in libavformat. */
const RESTARTING_CLOCK: ReadonlySet<string> = new Set(["mpegts", "mpegtsraw", "mpeg", "ogg", "live_flv"]);

/** Formats whose clock may restart. For these alone, ffmpeg counts from the start of the streams in use. */
export function restartsClock(formatName: string): boolean {
  return RESTARTING_CLOCK.has(formatName);
}

/**
 * AVI packets carry no times: a read from the start counts them, a seek relies on the file's index, and where that is
 * damaged the two disagree. Such a file must be read from the start.
 */
export function countsItsClock(formatName: string): boolean {
  return formatName === "avi";
}

export function isMp4(formatName: string): boolean {
  return formatName === "mov,mp4,m4a,3gp,3g2,mj2";
}

export function isMatroska(formatName: string): boolean {
  return formatName === "matroska,webm";
}

/** The name that `-f` takes: the first of ffprobe's comma-separated names. */
export function demuxerName(formatName: string): string {
  return formatName.split(",")[0] ?? formatName;
}

/**
 * `-itsoffset` in microseconds for a source that is read on its own clock. In formats whose clock may restart, ffmpeg
 * mistakes an offset of exactly minus the start for its own default and moves it to the start of the streams in use
 * ("Correcting start time", ffmpeg.c): sound read without the picture would then shift against it. One microsecond more
 * avoids that and is less than a tick of their 90 kHz clock.
 */
export function sourceOffsetUs(
  offsetUs: number,
  source: { readonly formatName: string; readonly startMicroseconds: number },
): number {
  return offsetUs === -source.startMicroseconds && restartsClock(source.formatName) ? offsetUs + 1 : offsetUs;
}
