// Reads the audio options of a request. Audio is encoded once, whole, so all streams share one set of options.

import { AUDIO_OPTIONS, findAudioEncoder } from "./audio-codecs.ts";
import type { AudioRequest } from "./encode-request.ts";
import { parseFilters } from "./filters/parse-filters.ts";
import type { GivenOption } from "./given-options.ts";
import { refuse } from "./refuse.ts";
import { readBits, readInteger, readNumber, readWord } from "./values.ts";

type Encoded = Extract<AudioRequest, { mode: "encode" }>;
type Draft = { -readonly [K in keyof Encoded]: Encoded[K] };

export const AUDIO_NAMES: ReadonlySet<string> = new Set([
  "c",
  "b",
  "q",
  "ac",
  "ar",
  "profile",
  "filter",
  "an",
  ...AUDIO_OPTIONS,
]);

/** Throws E_ENCODE_REQUEST. */
export function readAudio(options: readonly GivenOption[]): { readonly audio: AudioRequest } {
  for (const option of options) {
    if (option.specifier !== "" && option.specifier !== "a") {
      throw refuse(
        option.written,
        "options for single audio streams are not taken",
        `Write -${option.name}:a for all, and choose streams with -map.`,
      );
    }
  }
  const none = options.find((each) => each.name === "an");
  const copy = options.find((each) => each.name === "c" && each.value === "copy");
  const other = options.find((each) => each !== none && each !== copy);
  if (none && (copy ?? other))
    throw refuse(
      none.written,
      "leaves out the sound that other options ask for",
      `Remove ${none.written} or ${(copy ?? other)?.written}.`,
    );
  if (copy && other)
    throw refuse(other.written, "copied sound takes no options", `Remove ${other.written}, or name an audio encoder.`);
  if (none) return { audio: { mode: "none" } };
  if (copy) return { audio: { mode: "copy" } };
  if (options.length === 0) return { audio: { mode: "auto" } };
  const draft: Draft = {
    mode: "encode",
    codec: null,
    bitrate: null,
    quality: null,
    channels: null,
    sampleRate: null,
    profile: null,
    privateOptions: [],
    filters: [],
  };
  for (const option of options) readOption(draft, option);
  return { audio: draft };
}

function readOption(draft: Draft, { written, name, value }: GivenOption): void {
  switch (name) {
    case "c":
      draft.codec = findAudioEncoder(written, value);
      return;
    case "b":
      draft.bitrate = readBits(written, value);
      return;
    case "q":
      draft.quality = readNumber(written, value, { min: -10, max: 500 });
      return;
    case "ac":
      draft.channels = readInteger(written, value, { min: 1, max: 64 });
      return;
    case "ar":
      draft.sampleRate = readInteger(written, value, { min: 1000, max: 768_000 });
      return;
    case "profile":
      draft.profile = readWord(written, value);
      return;
    case "filter":
      draft.filters = parseFilters(written, value, "audio");
      return;
    default:
      if (!AUDIO_OPTIONS.has(name)) throw refuse(written, "not an audio option", "Leave it out.");
      draft.privateOptions = [...draft.privateOptions, [name, readWord(written, value)]];
  }
}
