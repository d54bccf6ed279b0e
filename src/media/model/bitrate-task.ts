// The bit rate part of a segment's task: whether the segment is only measured, the size that its encode must have, and
// the buffer that it may use. Clients validate an offered task with this schema.
import { z } from "zod";

const bits = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const bitrateTaskSchema = z.discriminatedUnion("pass", [
  /**
   * One pass as the request states, with a buffer small enough that joined segments stay within the user's
   * (docs/adr/0008).
   */
  z.strictObject({ pass: z.literal("only"), maxrate: bits, bufsize: bits }),
  /** Only the number of bits is kept. `bitrate` is that of the whole video and selects the quality to measure at. */
  z.strictObject({ pass: z.literal("measure"), bitrate: bits.positive(), seconds: z.number().positive() }),
  z.strictObject({
    pass: z.literal("land"),
    /** Of the whole video: what the first local pass is made for. */
    bitrate: bits.positive(),
    seconds: z.number().positive(),
    targetBits: bits,
    slackBits: bits,
    /** Null: no bound. */
    buffer: z.strictObject({ maxrate: bits, bufsize: bits }).nullable(),
  }),
]);
export type BitrateTask = z.infer<typeof bitrateTaskSchema>;
