// The schema of an encode request that arrives from another process: it refuses unknown keys and bounds all sizes. It
// does not check which values are allowed.
import { z } from "zod";
import { cadenceSchema } from "./cadence.ts";
import { colourTagsSchema } from "./colour-tags.ts";
import type { EncodeRequest } from "./encode-request.ts";

/** A value: no control character but tab and the ends of lines. */
const text = z
  .string()
  .max(2000)
  .regex(/^(?:[^\p{Cc}]|[\t\r\n])*$/u);
/** A name of something that ffmpeg knows, or several joined by commas or plus signs. */
const word = z.string().regex(/^[A-Za-z0-9_.,+-]{1,80}$/);

const count = z.number().int().min(0).max(1_000_000);
const bits = z.number().int().min(0).max(10_000_000_000);
const pairs = z.array(z.tuple([word, text])).max(300);
const filters = z.array(z.strictObject({ name: word, options: pairs })).max(50);
const outputStream = z.strictObject({ type: z.enum(["v", "a", "s", "t"]), index: count.nullable() });
const trackNumber = z.number().int().min(0).max(999);
const audioSettings = {
  codec: word.nullable(),
  bitrate: bits.nullable(),
  quality: z.number().nullable(),
  channels: count.nullable(),
  sampleRate: count.nullable(),
  profile: word.nullable(),
  privateOptions: pairs,
  filters,
  loudness: z.number().min(-70).max(-5).exactOptional(),
};

/**
 * Checks the shape only: refuses unknown keys and bounds sizes. Use checkEncodeRequest for requests from other
 * processes.
 */
export const encodeRequestSchema = z.strictObject({
  video: z.strictObject({
    encoder: word,
    quality: z
      .strictObject({ kind: z.enum(["crf", "cq", "qp", "qscale", "global_quality", "percent"]), value: z.number() })
      .nullable(),
    bitrate: bits.nullable(),
    outputBytes: z.number().int().min(1).max(1e15).exactOptional(),
    minrate: bits.nullable(),
    maxrate: bits.nullable(),
    bufsize: bits.nullable(),
    preset: word.nullable(),
    tune: word.nullable(),
    profile: word.nullable(),
    level: word.nullable(),
    pixelFormat: word.nullable(),
    gop: count.nullable(),
    keyintMin: count.nullable(),
    bFrames: count.nullable(),
    refs: count.nullable(),
    frameRate: z
      .string()
      .regex(/^[1-9]\d{0,8}\/[1-9]\d{0,8}$/)
      .nullable(),
    cadence: cadenceSchema.exactOptional(),
    size: z
      .strictObject({ width: z.number().int().min(1).max(32768), height: z.number().int().min(1).max(32768) })
      .nullable(),
    encoderParams: pairs,
    privateOptions: pairs,
    colour: colourTagsSchema,
    fieldOrder: z.enum(["progressive", "tt", "bb", "tb", "bt"]).nullable(),
    hasNoPlaceForRange: z.literal(true).exactOptional(),
    encodedFormat: z
      .string()
      .regex(/^\w{1,32}$/)
      .exactOptional(),
  }),
  filters,
  audio: z.discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("auto") }),
    z.strictObject({ mode: z.literal("none") }),
    z.strictObject({ mode: z.literal("copy") }),
    z.strictObject({ mode: z.literal("encode"), ...audioSettings }),
  ]),
  audioTracks: z
    .array(z.strictObject({ track: trackNumber, ...audioSettings }))
    .min(1)
    .max(100)
    .exactOptional(),
  subtitles: z.discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("auto") }),
    z.strictObject({ mode: z.literal("none") }),
    z.strictObject({ mode: z.literal("copy") }),
    z.strictObject({ mode: z.literal("convert"), codec: word }),
  ]),
  subtitleTracks: z
    .array(z.strictObject({ track: trackNumber, codec: word }))
    .min(1)
    .max(100)
    .exactOptional(),
  maps: z
    .array(
      z.strictObject({
        exclude: z.boolean(),
        optional: z.boolean(),
        type: z.enum(["v", "V", "a", "s", "t", "d"]).nullable(),
        index: count.nullable(),
        language: word.nullable(),
      }),
    )
    .max(100),
  container: z.strictObject({
    format: z.enum(["mp4", "mov", "mkv", "webm", "ts"]).nullable(),
    movflags: z.array(word).max(20),
  }),
  metadata: z.strictObject({
    keepSource: z.boolean(),
    keepChapters: z.boolean(),
    tags: z
      .array(z.strictObject({ stream: outputStream.nullable(), key: z.string().regex(/^[\w .-]{1,60}$/), value: text }))
      .max(100),
    dispositions: z.array(z.strictObject({ stream: outputStream, flags: word })).max(100),
  }),
}) satisfies z.ZodType<EncodeRequest>;
