// A track's language and title, written so that each container keeps them. Pure.
import type { Container, SourceStream } from "../model/source.ts";

type Tag = readonly [key: string, value: string];

/**
 * QuickTime numbers its languages. ffmpeg only finds the number for these spellings (libavformat/isom.c,
 * mov_mdhd_language_map) and writes "undefined" for the code of ISO 639-2/T that others use.
 */
const QUICKTIME_LANGUAGES: ReadonlyMap<string, string> = new Map([
  ["bod", "tib"],
  ["cym", "wel"],
  ["cze", "ces"],
  ["deu", "ger"],
  ["ell", "gre"],
  ["eus", "baq"],
  ["fre", "fra"],
  ["hrv", "hr "],
  ["hye", "arm"],
  ["isl", "ice"],
  ["kat", "geo"],
  ["mkd", "mac"],
  ["msa", "may"],
  ["mya", "bur"],
  ["nld", "dut"],
  ["rum", "ron"],
  ["slo", "slk"],
  ["sqi", "alb"],
  ["srp", "sr "],
  ["swe", "sve"],
  ["zho", "chi"],
]);

/** One tag in the container's form: MP4 and MOV show a track's title as the name of its handler. */
export function trackTags(container: Container, key: string, value: string): readonly Tag[] {
  if (key === "language" && container === "mov") return [[key, QUICKTIME_LANGUAGES.get(value) ?? value]];
  const hasHandlers = container === "mp4" || container === "mov";
  if (key === "title" && hasHandlers) {
    return [
      [key, value],
      ["handler_name", value],
    ];
  }
  return [[key, value]];
}

/** The tags to state for a track from `source`. `isHandedOn`: ffmpeg itself copies its tags. */
export function tagsFromSource(container: Container, source: SourceStream, isHandedOn: boolean): readonly Tag[] {
  const own = (["language", "title"] as const).flatMap((key): Tag[] => {
    const value = source[key];
    return value === null ? [] : [[key, value]];
  });
  return own.flatMap(([key, value]) =>
    trackTags(container, key, value).filter((tag) => !isHandedOn || tag[0] !== key || tag[1] !== value),
  );
}
