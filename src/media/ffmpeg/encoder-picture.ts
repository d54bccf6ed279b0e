// What ffmpeg says of the picture that its encoder is given: the pixel format and the size.

/** The verbosity at which ffmpeg prints what its encoder is given with the output's streams; behind QUIET it counts. */
export const SHOWS_STREAMS: readonly string[] = ["-nostats", "-v", "info"];

/** What an encoder was given: ffmpeg's name of the pixel format, and the size, "320x180". */
export interface EncoderPicture {
  readonly pixelFormat: string;
  readonly size: string;
}

/**
 * Parses `  Stream #0:0: Video: hevc (Main 10), yuv420p10le(tv, progressive), 320x180 …` of an output, counted from 0;
 * null: not found.
 */
export function encoderPictureIn(stderr: string, output = 0): EncoderPicture | null {
  const said = stderr.slice(stderr.lastIndexOf(`\nOutput #${output}`));
  const line = new RegExp(`^\\s*Stream #${output}:0\\b.*?: Video: (.*)$`, "m").exec(said)?.[1] ?? "";
  let words = line;
  for (let before = ""; before !== words; ) [before, words] = [words, words.replace(/\([^()]*\)/g, "")];
  const [, pixelFormat, size] = /^[^,]+, (\w+)\s*, (\d+x\d+)\b/.exec(words) ?? [];
  return pixelFormat === undefined || size === undefined ? null : { pixelFormat, size };
}
