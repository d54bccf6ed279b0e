// A picture as it comes from the decoder, before any filter: size, format and shape, and the text by which two are compared.
// Read from what one run of ffmpeg writes with the muxer framehash and says of its streams.
import { encoderPictureIn } from "../ffmpeg/encoder-picture.ts";
import { firstPictureText } from "../ffmpeg/framehash.ts";
import type { DecodedPicture, PictureShape, SourceVideo } from "../model/source.ts";

/** Raw pictures may lose full range that a format's name says: `declared` is what the source's header says. */
function formatOf(held: string, declared: string): string {
  return declared.replace(/^yuvj/, "yuv") === held ? declared : held;
}

/** `text`: "320x180 16/15 86400". */
function shapeOf(text: string, pixelFormat: string): PictureShape | null {
  const [, width, height, ratio = ""] = /^(\d+)x(\d+) (\S+) \d+$/.exec(text) ?? [];
  if (width === undefined || height === undefined) return null;
  const sampleAspectRatio = /^[1-9]\d*\/[1-9]\d*$/.test(ratio) ? ratio.replace("/", ":") : null;
  return { width: Number(width), height: Number(height), pixelFormat, sampleAspectRatio };
}

/** `output`: the run's output, counted from 0, that holds raw pictures. Null: no picture came, or it was not described. */
export function decodedPictureIn(
  { stdout, stderrTail }: { readonly stdout: string; readonly stderrTail: string },
  output: number,
  { pixelFormat }: Pick<SourceVideo, "pixelFormat">,
): DecodedPicture | null {
  const text = firstPictureText(stdout);
  const told = encoderPictureIn(stderrTail, output);
  if (text === null || told === null) return null;
  const shape = shapeOf(text, formatOf(told.pixelFormat, pixelFormat));
  return shape === null ? null : { shape, text };
}
