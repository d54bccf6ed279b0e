// What a segment's task says of bits, beside the request: whether it is only measured, which size its encode must have,
// and the buffer it may use. The schema is part of what a client checks an offered task with.
import { z } from "zod";

const bits = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const bitrateTaskSchema = z.discriminatedUnion("pass", [
  /** One pass as the request says, within a buffer that leaves room for the neighbours (docs/adr/0008). */
  z.strictObject({ pass: z.literal("only"), maxrate: bits, bufsize: bits }),
  /** Nothing is kept but the number of bits; `bitrate` is that of the whole video and says which quality to measure at. */
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
