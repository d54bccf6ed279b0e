// --ffmpeg-params → EncodeRequest: reads each allowed option into its field, and refuses every other by name with a
// suggestion. The only place where text becomes a request; check-request.ts applies the same rules to JSON.

import type { EncodeRequest } from "../../model/encode-request.ts";
import { emptyEncodeRequest } from "../../model/encode-request.ts";
import { AUDIO_OPTIONS } from "../tables/audio-codecs.ts";
import { isEncoderOption } from "../tables/encoder-options.ts";
import { findVideoEncoder } from "../tables/encoders.ts";
import { refusedOption } from "../tables/refused-options.ts";
import { type GivenOption, readOptions } from "../values/given-options.ts";
import { refuse } from "../values/refuse.ts";
import { splitWords } from "../values/split-words.ts";
import { AUDIO_NAMES, readAudio } from "./read-audio.ts";
import { OUTPUT_NAMES, readOutputOptions } from "./read-output.ts";
import { readVideo, VIDEO_NAMES } from "./read-video.ts";

/** An empty text is libx264 with its defaults. Throws E_ENCODE_REQUEST naming the option and what to use instead. */
export function parseEncodeParams(text: string): EncodeRequest {
  if (text.length > 20_000) throw refuse("--ffmpeg-params", "longer than 20000 characters", "Shorten it.");
  return parseEncodeWords(splitWords(text));
}

/** The same for words that are split already, such as those of formatEncodeWords. */
export function parseEncodeWords(words: readonly string[]): EncodeRequest {
  const control = words.find((word) => /\p{Cc}/u.test(word));
  if (control !== undefined) {
    throw refuse(
      JSON.stringify(control.slice(0, 60)),
      "contains a control character",
      "Write the options on one line.",
    );
  }
  const options = readOptions(words, checkTaken);
  checkOnce(options);
  const empty = emptyEncodeRequest();
  const codec = options.find((each) => each.name === "c" && isVideo(each));
  const encoder = codec ? findVideoEncoder(codec.written, codec.value) : findVideoEncoder("-c:v", empty.video.encoder);
  return {
    ...readVideo(options.filter(isVideo), encoder),
    ...readAudio(options.filter(isAudio)),
    ...readOutputOptions(options.filter((each) => OUTPUT_NAMES.has(each.name) || isSubtitle(each))),
  };
}

function checkTaken(written: string, name: string): void {
  if (VIDEO_NAMES.has(name) || AUDIO_NAMES.has(name) || OUTPUT_NAMES.has(name)) return;
  if (AUDIO_OPTIONS.has(name) || isEncoderOption(name)) return;
  throw refusedOption(written, name, [...VIDEO_NAMES, ...AUDIO_NAMES, ...OUTPUT_NAMES]);
}

function isSubtitle(option: GivenOption): boolean {
  return option.name === "sn" || (option.name === "c" && option.specifier.startsWith("s"));
}

function isAudio(option: GivenOption): boolean {
  if (OUTPUT_NAMES.has(option.name) || isSubtitle(option)) return false;
  if (option.specifier.startsWith("a")) return true;
  const onlyAudio = AUDIO_NAMES.has(option.name) || AUDIO_OPTIONS.has(option.name);
  return onlyAudio && !VIDEO_NAMES.has(option.name) && !isEncoderOption(option.name);
}

function isVideo(option: GivenOption): boolean {
  return !OUTPUT_NAMES.has(option.name) && !isSubtitle(option) && !isAudio(option);
}

/** "a" for all audio, "a:1" for one track: the first is a default that the second departs from. */
function streamOf(option: GivenOption): string {
  return option.specifier === "" ? (isSubtitle(option) ? "s" : "a") : option.specifier;
}

const REPEATABLE = new Set(["map", "metadata", "disposition"]);

/** ffmpeg only uses the last of two; a user who gives two wants both. */
function checkOnce(options: readonly GivenOption[]): void {
  const seen = new Map<string, string>();
  for (const option of options) {
    if (REPEATABLE.has(option.name)) continue;
    const key = `${option.name} ${isAudio(option) || isSubtitle(option) ? streamOf(option) : "v"}`;
    const before = seen.get(key);
    if (before !== undefined) {
      throw refuse(
        option.written,
        `given twice (${before})`,
        "Give it once; join filters with commas and parameters with colons.",
      );
    }
    seen.set(key, option.written);
  }
}
