// The encode request of a submit: --ffmpeg-params, preceded by --codec, --crf, --quality and --speed in the same form.
import { AppError } from "../../base/errors.ts";

/** x264's presets, which stand for the speed of every encoder. */
export const SPEEDS = [
  ...["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"],
] as const;

/** What people also call the codecs. */
export const CODEC_WORDS = {
  ...{ avc: "h264", "h.264": "h264", h265: "hevc", "h.265": "hevc", "av-1": "av1", "vp-9": "vp9" },
} as const;

/** EBU R 128: the loudness of a programme, LUFS. */
const NORMAL_LOUDNESS = -23;

export interface Asked {
  readonly "ffmpeg-params": string | null;
  readonly codec: string | null;
  readonly crf?: string | null;
  readonly quality: number | null;
  readonly speed: string | null;
  /** Of the whole output: `700M`. */
  readonly size: string | null;
  readonly audio: "normalize" | null;
}

/** One of our options, as the words of ffmpeg that stand for it. */
interface Part {
  readonly option: string;
  readonly words: readonly string[];
  /** What says the same in --ffmpeg-params, or something else about the same. */
  readonly rivals: RegExp;
}

const CODEC = /^-(c|codec|c:v|codec:v|c:v:0|vcodec)$/;
const QUALITY = /^-(crf|quality|qp|cq|q|global_quality|size)(:v)?$/;
const SPEED = /^-(preset|speed)(:v)?$/;
const SIZE = /^-(size|crf|quality|qp|cq|q|b)(:v)?$/;
const LOUDNESS = /^-loudness(:a)?$/;

function partsOf({ codec, crf = null, quality, speed, size, audio }: Asked): Part[] {
  const part = (option: string, value: string | number | null, word: string, rivals: RegExp): Part[] =>
    value === null ? [] : [{ option: `--${option} ${value}`, words: [word, String(value)], rivals }];
  const loudness = audio === null ? null : NORMAL_LOUDNESS;
  return [
    ...part("codec", codec, "-c:v", CODEC),
    ...part("crf", crf, "-crf", QUALITY),
    ...part("quality", quality, "-quality", QUALITY),
    ...part("speed", speed, "-speed", SPEED),
    ...part("size", size, "-size", SIZE),
    ...part("audio", loudness, "-loudness:a", LOUDNESS).map((each) => ({ ...each, option: `--audio ${audio}` })),
  ];
}

export function contradiction(one: string, other: string): AppError {
  return new AppError("E_USAGE", `${one} and ${other} contradict each other`, "Leave one of them out.");
}

/** Errors: E_USAGE that names both sides. */
function requireAgreement(parts: readonly Part[], params: string | null): void {
  const words = params?.split(/\s+/) ?? [];
  for (const [place, { option, rivals }] of parts.entries()) {
    const other = parts.slice(place + 1).find((each) => rivals.test(each.words[0] ?? ""));
    if (other !== undefined) throw contradiction(option, other.option);
    const at = words.findIndex((word) => rivals.test(word));
    if (at !== -1) throw contradiction(option, `${words[at]} ${words[at + 1] ?? ""}`.trim());
  }
}

/** Null: the server's default. `isOver`: the codec may be a preset's. Errors: E_USAGE for --quality or --speed without --codec, and for contradictions. */
export function ffmpegParamsOf(asked: Asked, isOver = false): string | null {
  const { codec, quality, speed, "ffmpeg-params": params } = asked;
  const parts = partsOf(asked);
  requireAgreement(parts, params);
  const lonely = quality !== null ? "--quality" : speed !== null ? "--speed" : null;
  if (codec === null && lonely !== null && !isOver) {
    const hint = "Name the codec, for example --codec h264, or write the encoder's own options in --ffmpeg-params.";
    throw new AppError("E_USAGE", `${lonely} needs --codec`, hint);
  }
  const words = [...parts.flatMap((part) => part.words), ...(params === null ? [] : [params])];
  return words.length === 0 ? null : words.join(" ");
}
