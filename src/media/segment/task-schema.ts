// What a client accepts as a task: everything that reaches ffmpeg's arguments is bounded here or by the request's own check.
import { z } from "zod";
import { SOURCE_DEMUXERS } from "../ffmpeg/formats.ts";
import { bitrateTaskSchema } from "../model/bitrate-task.ts";
import { colourTagsSchema } from "../model/colour-tags.ts";
import { encodeRequestSchema } from "../model/encode-request-schema.ts";
import type { SegmentTask } from "../model/segment.ts";

const ticks = z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const rationalSchema = z.strictObject({ num: z.number().int().positive(), den: z.number().int().positive() });
/** A codec or a pixel format as ffmpeg spells them: some become values of filters. */
const name = z.string().regex(/^[a-z0-9_]{1,32}$/);
const side = z.number().int().positive().max(65_536);

const chromaticity = z.strictObject({ x: z.number().int().min(0).max(50_000), y: z.number().int().min(0).max(50_000) });
const luminance = z.number().int().min(0).max(0xffff_ffff);
const lightLevel = z.number().int().min(0).max(0xffff);

const hdrSchema = z.strictObject({
  masteringDisplay: z
    .strictObject({
      red: chromaticity,
      green: chromaticity,
      blue: chromaticity,
      whitePoint: chromaticity,
      minLuminance: luminance,
      maxLuminance: luminance,
    })
    .nullable(),
  contentLight: z.strictObject({ max: lightLevel, average: lightLevel }).nullable(),
  dynamic: z.array(z.enum(["Dolby Vision", "HDR10+", "HDR Vivid"])).max(3),
});

const videoSchema = z.strictObject({
  streamIndex: z.number().int().min(0).max(10_000),
  codec: name,
  profile: z
    .string()
    .regex(/^[\w .:@()+/&-]{1,100}$/)
    .nullable(),
  width: side,
  height: side,
  pixelFormat: name,
  timeBase: rationalSchema,
  realFrameRate: rationalSchema.nullable(),
  averageFrameRate: rationalSchema.nullable(),
  sampleAspectRatio: rationalSchema.nullable(),
  fieldOrder: z
    .string()
    .regex(/^[a-z]{1,20}$/)
    .nullable(),
  rotationDegrees: z.number(),
  colour: colourTagsSchema,
  hasAlpha: z.boolean(),
  hdr: hdrSchema.exactOptional(),
});

const shapeSchema = z.strictObject({
  width: side,
  height: side,
  pixelFormat: name,
  sampleAspectRatio: z
    .string()
    .regex(/^\d{1,9}:\d{1,9}$/)
    .nullable(),
});

export const segmentTaskSchema = z.strictObject({
  streamIndex: z.number().int().min(0).max(10_000),
  formatName: z.string().refine((name) => SOURCE_DEMUXERS.includes(name), "a demuxer that is not allowed"),
  timeBase: rationalSchema,
  startPts: ticks.nullable(),
  endPts: ticks.nullable(),
  clockOffsetUs: ticks,
  seekPts: ticks.nullable(),
  cut: z
    .strictObject({
      after: z.number().int().min(1).max(60),
      timeBase: rationalSchema,
      startPts: ticks.nullable(),
      endPts: ticks.nullable(),
    })
    .nullable(),
  expectedFrames: z.number().int().min(0).nullable(),
  sourceFrames: z.strictObject({ startPts: ticks.nullable(), frames: z.number().int().min(0) }).exactOptional(),
  spreadsPts: z.boolean().optional(),
  isVfr: z.literal(true).exactOptional(),
  encoderTimeBase: rationalSchema,
  frameClock: z.strictObject({ tick: rationalSchema, from: ticks }).exactOptional(),
  request: encodeRequestSchema,
  picture: shapeSchema.exactOptional(),
  video: videoSchema,
  byteRange: z.strictObject({ start: z.number().int().min(0), end: z.number().int().min(0) }).nullable(),
  softwareDecode: z.literal(true).exactOptional(),
  rate: bitrateTaskSchema.exactOptional(),
}) satisfies z.ZodType<SegmentTask>;
