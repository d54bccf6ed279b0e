// Tells the options of a request apart: those of the picture, of sound, of subtitles, and of the output as a whole.
import { AUDIO_OPTIONS } from "../tables/audio-codecs.ts";
import { isEncoderOption } from "../tables/encoder-options.ts";
import { refusedOption } from "../tables/refused-options.ts";
import { type GivenOption, readOptions } from "../values/given-options.ts";
import { AUDIO_NAMES } from "./read-audio.ts";
import { OUTPUT_NAMES } from "./read-output.ts";
import { VIDEO_NAMES } from "./read-video.ts";

export type OptionKind = "video" | "audio" | "subtitles" | "output";

/** Options that may be there several times. */
export const REPEATABLE: ReadonlySet<string> = new Set(["map", "metadata", "disposition"]);

/** Every option of the request, none of which is refused by name. Throws E_ENCODE_REQUEST. */
export function requestOptions(words: readonly string[]): readonly GivenOption[] {
  return readOptions(words, checkTaken);
}

function checkTaken(written: string, name: string): void {
  if (VIDEO_NAMES.has(name) || AUDIO_NAMES.has(name) || OUTPUT_NAMES.has(name)) return;
  if (AUDIO_OPTIONS.has(name) || isEncoderOption(name)) return;
  throw refusedOption(written, name, [...VIDEO_NAMES, ...AUDIO_NAMES, ...OUTPUT_NAMES]);
}

export function kindOf(option: GivenOption): OptionKind {
  if (option.name === "sn" || (option.name === "c" && option.specifier.startsWith("s"))) return "subtitles";
  if (OUTPUT_NAMES.has(option.name)) return "output";
  if (option.specifier.startsWith("a")) return "audio";
  const onlyAudio = AUDIO_NAMES.has(option.name) || AUDIO_OPTIONS.has(option.name);
  return onlyAudio && !VIDEO_NAMES.has(option.name) && !isEncoderOption(option.name) ? "audio" : "video";
}

/** "a" for all audio, "a:1" for one track: the first is a default that the second departs from. */
export function streamOf(option: GivenOption): string {
  const kind = kindOf(option);
  if (kind !== "audio" && kind !== "subtitles") return "v";
  return option.specifier === "" ? kind.charAt(0) : option.specifier;
}
