// Chapters as ffprobe lists them, on a clock of microseconds. Pure.
import { z } from "zod";
import { parseRational } from "../../../base/rational.ts";
import { tagsSchema } from "../../model/tags.ts";

export const chapterSchema = z.object({
  start: z.number(),
  end: z.number(),
  time_base: z.string(),
  tags: tagsSchema.optional(),
});

export interface Chapter {
  readonly startUs: number;
  readonly endUs: number;
  /** Empty where it has none. */
  readonly title: string;
}

/** NaN for times in a time base that is none. */
export function toChapter({ start, end, time_base, tags }: z.infer<typeof chapterSchema>): Chapter {
  const timeBase = parseRational(time_base);
  const us = (ticks: number) => (timeBase === null ? Number.NaN : (ticks * timeBase.num * 1e6) / timeBase.den);
  return { startUs: us(start), endUs: us(end), title: tags?.title ?? "" };
}
