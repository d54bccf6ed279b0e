// The proof that an output is complete and exact: the schema of proof.json, which is part of the command line's contract
// (hence snake case).
import { z } from "zod";
import type { DeepReadonly } from "../../base/deep-readonly.ts";
import { ENCODER_FAMILIES } from "./encoder-family.ts";

/** fast: counts, times and digests. full: the output is decoded as well, every picture and every sound. */
export type VerifyMode = "fast" | "full";

const checkSchema = z.object({ name: z.string(), ok: z.boolean(), detail: z.string().exactOptional() });
export type ProofCheck = DeepReadonly<z.infer<typeof checkSchema>>;

const segmentSchema = z.object({
  index: z.number(),
  /** In the source's time base, or in ticks of the frame grid where filters change the rate. */
  start_pts: z.number(),
  end_pts: z.number(),
  frames: z.number(),
  sha256: z.string(),
  client: z.string(),
  encoder: z.string(),
  attempts: z.number(),
  seconds: z.number(),
  notes: z.array(z.string()),
});
export type ProofSegment = DeepReadonly<z.infer<typeof segmentSchema>>;

const streamSchema = z.object({
  index: z.number(),
  type: z.string(),
  codec: z.string(),
  language: z.string().nullable(),
});
export type ProofStream = DeepReadonly<z.infer<typeof streamSchema>>;

export const proofSchema = z.object({
  job_id: z.string(),
  exact: z.boolean(),
  frames: z.object({ expected: z.number(), encoded: z.number(), in_output: z.number() }),
  pts: z.object({ equal: z.boolean(), max_error_ticks: z.number() }),
  av_offset_error_ms: z.number().nullable(),
  streams: z.object({
    in: z.array(streamSchema),
    out: z.array(streamSchema),
    left_out: z.array(streamSchema.extend({ reason: z.string() })),
  }),
  /** What the output lacks of the source, besides whole streams: a sentence each. Absent in proofs of earlier versions. */
  lost: z.array(z.string()).exactOptional(),
  segments: z.array(segmentSchema),
  wall_seconds: z.number(),
  checks: z.array(checkSchema),
  encoder: z.object({ name: z.string(), family: z.enum(ENCODER_FAMILIES), versions: z.array(z.string()) }),
  output: z.object({ name: z.string(), bytes: z.number(), sha256: z.string() }),
  notes: z.array(z.string()),
});
export type Proof = DeepReadonly<z.infer<typeof proofSchema>>;
