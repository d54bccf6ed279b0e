// --ffmpeg-params → EncodeRequest: reads each allowed option into its field, and refuses every other by name with a
// suggestion. The only place where text becomes a request; check-request.ts applies the same rules to JSON.

import type { EncodeRequest } from "../../model/encode-request.ts";
import { emptyEncodeRequest } from "../../model/encode-request.ts";
import { findVideoEncoder } from "../tables/encoders.ts";
import type { GivenOption } from "../values/given-options.ts";
import { refuse } from "../values/refuse.ts";
import { splitWords } from "../values/split-words.ts";
import { kindOf, REPEATABLE, requestOptions, streamOf } from "./option-kinds.ts";
import { readAudio } from "./read-audio.ts";
import { readOutputOptions } from "./read-output.ts";
import { readVideo } from "./read-video.ts";

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
  const options = requestOptions(words);
  checkOnce(options);
  const empty = emptyEncodeRequest();
  const video = options.filter((each) => kindOf(each) === "video");
  const codec = video.find((each) => each.name === "c");
  const encoder = codec ? findVideoEncoder(codec.written, codec.value) : findVideoEncoder("-c:v", empty.video.encoder);
  return {
    ...readVideo(video, encoder),
    ...readAudio(options.filter((each) => kindOf(each) === "audio")),
    ...readOutputOptions(options.filter((each) => kindOf(each) === "output" || kindOf(each) === "subtitles")),
  };
}

/** ffmpeg only uses the last of two; a user who gives two wants both. */
function checkOnce(options: readonly GivenOption[]): void {
  const seen = new Map<string, string>();
  for (const option of options) {
    if (REPEATABLE.has(option.name)) continue;
    const key = `${option.name} ${streamOf(option)}`;
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
