// Reads the video options of a request and checks them against the chosen encoder.
import type { ColourTags } from "../../model/colour-tags.ts";
import type { EncodeRequest, QualityKind, VideoRequest } from "../../model/encode-request.ts";
import { emptyEncodeRequest } from "../../model/encode-request.ts";
import { parseFilters } from "../filters/parse-filters.ts";
import { isEncoderOption, readEncoderOption } from "../tables/encoder-options.ts";
import { PARAM_OPTION, readEncoderParams } from "../tables/encoder-params.ts";
import type { VideoEncoder } from "../tables/encoders.ts";
import { isNeutralCodec, NEUTRAL_OPTIONS, SPEEDS } from "../tables/neutral-codecs.ts";
import { OPTION_WORDS } from "../values/colour-words.ts";
import type { GivenOption } from "../values/given-options.ts";
import { refuse } from "../values/refuse.ts";
import {
  readBits,
  readBytes,
  readFrameRate,
  readInteger,
  readNumber,
  readOneOf,
  readSize,
  readWord,
} from "../values/values.ts";

type Draft = { -readonly [K in keyof VideoRequest]: VideoRequest[K] };
type Reader = (draft: Draft, option: GivenOption, encoder: VideoEncoder) => void;

const COUNT = { min: 0, max: 1_000_000 };

const QUALITY_WORDS: Readonly<Record<string, string>> = { qscale: "-q:v", percent: "-quality" };

function quality(kind: QualityKind): Reader {
  return (draft, option, encoder) => {
    const range = encoder.quality[kind];
    if (range === undefined) {
      const kinds = Object.keys(encoder.quality).map((each) => QUALITY_WORDS[each] ?? `-${each}`);
      throw refuse(
        option.written,
        `${encoder.name} does not read it`,
        kinds.length === 0 ? "Leave it out." : `Use ${kinds.join(" or ")}, or -b:v.`,
      );
    }
    if (draft.quality !== null)
      throw refuse(option.written, "a second quality", "Give one of -crf, -qp, -cq, -q:v and -quality.");
    const value =
      kind === "crf" || kind === "cq" || kind === "qscale" || kind === "percent"
        ? readNumber(option.written, option.value, range)
        : readInteger(option.written, option.value, range);
    draft.quality = { kind, value };
  };
}

function colour(tag: keyof ColourTags): Reader {
  return (draft, option) => {
    draft.colour = { ...draft.colour, [tag]: readOneOf(option.written, option.value, OPTION_WORDS[tag]) };
  };
}

function params(kind: NonNullable<VideoEncoder["params"]>): Reader {
  return (draft, option, encoder) => {
    if (encoder.params !== kind) {
      throw refuse(
        option.written,
        `${encoder.name} does not read it`,
        encoder.params === null ? "Leave it out." : `Use -${PARAM_OPTION[encoder.params]}.`,
      );
    }
    draft.encoderParams = [...draft.encoderParams, ...readEncoderParams(option.written, kind, option.value)];
  };
}

function readPreset(option: GivenOption, encoder: VideoEncoder): string {
  const { presets } = encoder;
  if (presets === null)
    throw refuse(
      option.written,
      `${encoder.name} has no presets`,
      "Leave it out; -cpu-used and -deadline set the speed of libvpx and libaom.",
    );
  if ("min" in presets) return String(readInteger(option.written, option.value, presets));
  return readOneOf(option.written, option.value, presets);
}

function readTune(option: GivenOption, encoder: VideoEncoder): string {
  const { tunes } = encoder;
  if (tunes === null)
    throw refuse(option.written, `${encoder.name} has no -tune`, "Leave it out, or use the encoder's own parameters.");
  for (const each of option.value.split(",")) readOneOf(option.written, each, tunes);
  return option.value;
}

const READERS: Readonly<Record<string, Reader>> = {
  c: (draft, _option, encoder) => {
    draft.encoder = encoder.name;
  },
  crf: quality("crf"),
  cq: quality("cq"),
  qp: quality("qp"),
  q: quality("qscale"),
  global_quality: quality("global_quality"),
  b: (draft, { written, value }) => {
    draft.bitrate = readBits(written, value);
  },
  size: (draft, { written, value }) => {
    draft.outputBytes = readBytes(written, value);
  },
  minrate: (draft, { written, value }) => {
    draft.minrate = readBits(written, value);
  },
  maxrate: (draft, { written, value }) => {
    draft.maxrate = readBits(written, value);
  },
  bufsize: (draft, { written, value }) => {
    draft.bufsize = readBits(written, value);
  },
  preset: (draft, option, encoder) => {
    draft.preset = readPreset(option, encoder);
  },
  tune: (draft, option, encoder) => {
    draft.tune = readTune(option, encoder);
  },
  profile: (draft, { written, value }) => {
    draft.profile = readWord(written, value);
  },
  level: (draft, { written, value }) => {
    draft.level = readWord(written, value);
  },
  pix_fmt: (draft, { written, value }) => {
    draft.pixelFormat = readWord(written, value);
  },
  g: (draft, { written, value }) => {
    draft.gop = readInteger(written, value, COUNT);
  },
  keyint_min: (draft, { written, value }) => {
    draft.keyintMin = readInteger(written, value, COUNT);
  },
  bf: (draft, { written, value }) => {
    draft.bFrames = readInteger(written, value, { min: 0, max: 16 });
  },
  refs: (draft, { written, value }) => {
    draft.refs = readInteger(written, value, { min: 0, max: 16 });
  },
  r: (draft, { written, value }) => {
    draft.frameRate = readFrameRate(written, value);
  },
  s: (draft, { written, value }) => {
    draft.size = readSize(written, value);
  },
  "x264-params": params("x264"),
  x264opts: params("x264"),
  "x265-params": params("x265"),
  "svtav1-params": params("svtav1"),
  "aom-params": params("aom"),
  color_range: colour("range"),
  colorspace: colour("space"),
  color_trc: colour("transfer"),
  color_primaries: colour("primaries"),
  chroma_sample_location: colour("chromaLocation"),
  field_order: (draft, { written, value }) => {
    const order = (["progressive", "tt", "bb", "tb", "bt"] as const).find((each) => each === value);
    if (order === undefined)
      throw refuse(written, `"${value}" is not a field order`, "Use progressive, tt, bb, tb or bt.");
    draft.fieldOrder = order;
  },
  // Set by the stitch in any case; taken because so many command lines carry it.
  tag: (_draft, { written, value }, encoder) => {
    const expected = encoder.codec === "hevc" ? "hvc1" : encoder.codec === "h264" ? "avc1" : null;
    if (value !== expected) {
      throw refuse(
        written,
        `the tag ${value} is not accepted for ${encoder.codec}`,
        "Leave it out: the usual tag is set (hvc1 for HEVC).",
      );
    }
  },
};

/** Words that a request for a codec may use and that mean something else to single encoders. */
const NEUTRAL_READERS: Readonly<Record<string, Reader>> = {
  quality: quality("percent"),
  speed: (draft, { written, value }) => {
    if (draft.preset !== null) throw refuse(written, "a second speed", "Give one of -speed and -preset.");
    draft.preset = readOneOf(written, value, SPEEDS);
  },
};

/** Throws E_ENCODE_REQUEST for an option that has no meaning before an encoder is elected. */
function checkNeutral({ written, name }: GivenOption, codec: string): void {
  if (NEUTRAL_OPTIONS.has(name)) return;
  throw refuse(
    written,
    `it belongs to one encoder, and -c:v ${codec} leaves the encoder to the cluster`,
    "Name the encoder, for example -c:v libx264, or leave the option out.",
  );
}

/** Throws E_ENCODE_REQUEST. */
function checkSize({ outputBytes, bitrate, quality }: Draft): void {
  if (outputBytes === undefined || (bitrate === null && quality === null)) return;
  const other = bitrate === null ? "a fixed quality" : "-b:v";
  throw refuse("-size", `it excludes ${other}: the size decides`, "Give one of -size, -b:v and a quality.");
}

/** Names of the options read here, and "filter", which is shared. */
export const VIDEO_NAMES: ReadonlySet<string> = new Set([...Object.keys(READERS), "filter"]);

/** Throws E_ENCODE_REQUEST. */
export function readVideo(
  options: readonly GivenOption[],
  encoder: VideoEncoder,
): Pick<EncodeRequest, "video" | "filters"> {
  const empty = emptyEncodeRequest();
  const draft: Draft = { ...empty.video };
  let { filters } = empty;
  for (const option of options) {
    if (!["", "v", "v:0", "V", "V:0"].includes(option.specifier)) {
      throw refuse(
        option.written,
        "one video stream is encoded",
        `Write -${option.name}:v; choose the stream with -map.`,
      );
    }
    const isNeutral = isNeutralCodec(encoder.name);
    if (isNeutral) checkNeutral(option, encoder.name);
    const neutralReader = isNeutral ? NEUTRAL_READERS[option.name] : undefined;
    const reader = neutralReader ?? READERS[option.name];
    if (option.name === "filter") filters = parseFilters(option.written, option.value, "video");
    else if (reader && (neutralReader || Object.hasOwn(READERS, option.name))) reader(draft, option, encoder);
    else if (isEncoderOption(option.name)) {
      draft.privateOptions = [
        ...draft.privateOptions,
        readEncoderOption(option.written, encoder, option.name, option.value),
      ];
    } else throw refuse(option.written, "not a video option", `Use -${option.name}:a for sound.`);
  }
  checkSize(draft);
  return { video: draft, filters };
}
