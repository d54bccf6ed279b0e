// Colour tags of a source or a request, by ffmpeg's names. The schema bounds their length and does not know the names.
import { z } from "zod";

export interface ColourTags {
  readonly range: string | null;
  readonly space: string | null;
  readonly transfer: string | null;
  readonly primaries: string | null;
  readonly chromaLocation: string | null;
}

/** As libavutil/pixdesc.c spells them: some become values of filters and options. */
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/)
  .nullable();

export const colourTagsSchema = z.strictObject({
  range: name,
  space: name,
  transfer: name,
  primaries: name,
  chromaLocation: name,
}) satisfies z.ZodType<ColourTags>;
