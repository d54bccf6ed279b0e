// Explains ffprobe's refusal of a file: which kind of file it is, and what to give instead. Pure.
import { lastWords } from "../ffmpeg/stderr.ts";

export interface Refusal {
  /** Follows the file's name in the message. */
  readonly what: string;
  readonly hint: string;
}

const TO_A_FILE = "Make one file of it first: `ffmpeg -i <it> -c copy out.mkv`.";
const ENCODE_NOTHING = "There is no video to encode: ffmpeg itself converts it in a moment.";

export const ENCRYPTED: Refusal = {
  what: "is encrypted (DRM or pay TV)",
  hint: "ffcluster has no keys: give a file that plays without them.",
};

type Kind = readonly [names: string, what: string, hint: string];

/** By the demuxer that ffmpeg would use; a name that ends in * stands for all that begin so. */
const KINDS: readonly Kind[] = [
  ["hls dash applehttp imf", "is a playlist, which names other files", TO_A_FILE],
  ["concat ffmetadata", "is a script for ffmpeg, which names other files", TO_A_FILE],
  ["sdp rtsp rtp", "describes a network stream", `Record it first. ${TO_A_FILE}`],
  [
    "webp_pipe",
    "is a WebP picture, or an animation that this ffmpeg can't read",
    "Give a video; versions of ffmpeg from 9.0 on read animated WebP.",
  ],
  [
    "image2 image2pipe *_pipe ico",
    "is a single picture",
    "Give a video: of pictures in a row `ffmpeg -framerate 25 -i %04d.png -c:v ffv1 out.mkv` makes one.",
  ],
  [
    "rawvideo",
    "holds raw pictures without a size",
    "Convert them to a video first: `ffmpeg -f rawvideo -video_size 1920x1080 -pixel_format yuv420p -framerate 25 -i <it> -c:v ffv1 out.mkv`.",
  ],
  [
    "srt ass webvtt subviewer subviewer1 microdvd mpl2 mpsub jacosub lrc realtext sami stl vplayer pjs aqtitle ttml scc sup vobsub",
    "holds only subtitles",
    "Give the video; --subtitles draws a file of subtitles into it.",
  ],
  ["bin tty xbin adf idf artworx", "is text, not video", "Check the path."],
  [
    "caf ogg oga opus voc w64 au amrnb amrwb dts dtshd eac3 truehd mlp tta wv ape mpc mpc8 aptx sbc g722 g729 gsm loas shn tak s16le u8 mp2 oma spdif wsaud xwma",
    "holds only sound",
    ENCODE_NOTHING,
  ],
  ["libgme libopenmpt libmodplug mod", "holds only music", ENCODE_NOTHING],
];

function fits(name: string, pattern: string): boolean {
  return pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) : name === pattern;
}

/** The demuxer that ffmpeg would have used, had it been allowed; null: the refusal has another reason. */
export function refusedDemuxer(stderr: string): string | null {
  return /\[([\w,]+)(?: @ [^\]]*)?\] Format not (?:on|in) whitelist/i.exec(stderr)?.[1] ?? null;
}

function byDemuxer(demuxer: string): Refusal {
  const kind = KINDS.find(([names]) => names.split(" ").some((pattern) => fits(demuxer, pattern)));
  if (kind !== undefined) return { what: kind[1], hint: kind[2] };
  return {
    what: `has a format that ffcluster does not accept (${demuxer})`,
    hint: `Put it into another container first. ${TO_A_FILE}`,
  };
}

const DAMAGED_HEADER =
  "Its header is damaged, or made to exhaust a machine: `ffmpeg -i <it> -c copy out.mkv` makes a new one.";

/** A file that announces more pictures than it has bytes: an index of them would fill the memory. */
export function announcesTooMuch(pictures: number, bytes: number): Refusal {
  return { what: `announces ${pictures} pictures in ${bytes} bytes`, hint: DAMAGED_HEADER };
}

/** From ffprobe's stderr. `name`: of the file. */
export function refusalOf(stderr: string, name: string): Refusal {
  const what = "cannot be read as video";
  if (/moov atom not found/.test(stderr))
    return {
      what,
      hint: "moov atom not found: the file is cut off, still being written, or not an MP4; copy it again.",
    };
  if (/Cannot allocate memory/.test(stderr))
    return { what: "takes more memory to read than a file of its size may", hint: DAMAGED_HEADER };
  const demuxer = refusedDemuxer(stderr);
  if (demuxer !== null) return byDemuxer(demuxer);
  if (/Invalid data found/.test(stderr)) {
    return /\.(iso|img|bin|nrg|mdf)$/i.test(name)
      ? { what, hint: "A disc image is not a video: mount it and give one of its .vob or .m2ts files." }
      : { what, hint: "ffmpeg does not recognise this file, or its beginning is damaged." };
  }
  if (/Permission denied/.test(stderr)) return { what, hint: "This user has no permission to read the file." };
  return { what, hint: `ffprobe says: ${lastWords(stderr)}` };
}
