// Tags as ffprobe lists them.
import { z } from "zod";

/**
 * ffprobe's texts end at a NUL. A file that has taken it over may answer with one inside, which no argument of a program
 * can hold, and which begins a new line in a list of metadata.
 */
function untilNul(text: string): string {
  return text.split("\0", 1)[0] ?? "";
}

export const tagsSchema = z.record(z.string(), z.string().transform(untilNul));
