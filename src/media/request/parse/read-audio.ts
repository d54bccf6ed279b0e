// Reads the audio options of a request: those for all tracks and those for single ones (ffmpeg, "Stream specifiers").

import type { AudioSettings, AudioTrackRequest, EncodeRequest } from "../../model/encode-request.ts";
import { parseFilters } from "../filters/parse-filters.ts";
import { AUDIO_OPTIONS, findAudioEncoder } from "../tables/audio-codecs.ts";
import { NO_SETTINGS, overSettings } from "../values/audio-tracks.ts";
import type { GivenOption } from "../values/given-options.ts";
import { refuse } from "../values/refuse.ts";
import { readTrack } from "../values/track-number.ts";
import { readBits, readInteger, readNumber, readWord } from "../values/values.ts";

type Draft = { -readonly [K in keyof AudioSettings]: AudioSettings[K] };
type TrackOption = GivenOption & { readonly track: number | null };

export const AUDIO_NAMES: ReadonlySet<string> = new Set([
  "c",
  "b",
  "q",
  "ac",
  "ar",
  "profile",
  "filter",
  "loudness",
  "an",
  ...AUDIO_OPTIONS,
]);

/** What loudnorm takes, LUFS. */
const LOUDNESS = { min: -70, max: -5 };

/**
 * ffmpeg uses the last option that matches a stream: an option for all tracks overrides earlier ones for single tracks.
 */
function inForce(options: readonly TrackOption[]): readonly TrackOption[] {
  return options.filter(
    (option, position) =>
      option.track === null ||
      !options.some((later, at) => at > position && later.track === null && later.name === option.name),
  );
}

/** Throws E_ENCODE_REQUEST. */
export function readAudio(given: readonly GivenOption[]): Pick<EncodeRequest, "audio" | "audioTracks"> {
  const options = inForce(given.map((option) => ({ ...option, track: readTrack(option, "a") })));
  const none = options.find((each) => each.name === "an");
  const other = options.find((each) => each !== none);
  if (none && other)
    throw refuse(
      none.written,
      "leaves out the sound that other options ask for",
      `Remove ${none.written} or ${other.written}.`,
    );
  if (none) return { audio: { mode: "none" } };

  const forAll = options.filter((each) => each.track === null);
  const numbers = [...new Set(options.flatMap((each) => each.track ?? []))].sort((a, b) => a - b);
  const copy = forAll.find((each) => each.name === "c" && each.value === "copy");
  const general = readSettings(forAll.filter((each) => each !== copy));
  const tracks = numbers.map((track): AudioTrackRequest => {
    const own = options.filter((each) => each.track === track);
    const settings = { track, ...readSettings(own) };
    const isCopied = settings.codec === "copy" || (settings.codec === null && copy !== undefined);
    const useless = own.find((each) => each.name !== "c");
    if (isCopied && useless !== undefined) throw uselessBesideCopy(useless);
    // What is said for all holds for the tracks that are encoded, when the rest is copied.
    return isCopied || copy === undefined ? settings : { track, ...overSettings(general, settings) };
  });
  const useless = forAll.find((each) => each !== copy);
  if (copy && useless && tracks.every((each) => each.codec === "copy")) throw uselessBesideCopy(useless);

  const audioTracks = tracks.length === 0 ? {} : { audioTracks: tracks };
  if (copy) return { audio: { mode: "copy" }, ...audioTracks };
  if (forAll.length === 0) return { audio: { mode: "auto" }, ...audioTracks };
  return { audio: { mode: "encode", ...general }, ...audioTracks };
}

function uselessBesideCopy({ written }: GivenOption): Error {
  return refuse(written, "copied sound takes no options", `Remove ${written}, or name an audio encoder.`);
}

function readSettings(options: readonly GivenOption[]): AudioSettings {
  const draft: Draft = { ...NO_SETTINGS };
  for (const option of options) readOption(draft, option);
  return draft;
}

function readOption(draft: Draft, { written, name, value }: GivenOption): void {
  switch (name) {
    case "c":
      draft.codec = value === "copy" ? value : findAudioEncoder(written, value);
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
    case "loudness":
      draft.loudness = readNumber(written, value, LOUDNESS);
      return;
    case "filter":
      draft.filters = parseFilters(written, value, "audio");
      return;
    default:
      if (!AUDIO_OPTIONS.has(name)) throw refuse(written, "not an audio option", "Leave it out.");
      draft.privateOptions = [...draft.privateOptions, [name, readWord(written, value)]];
  }
}
