// The REST contract as schemas: every request and response body of /api/v1. The types are checked at compile time to
// be those of the server's views, so neither can drift. Knows nothing of HTTP.
import { z } from "zod";
import { ERROR_CATALOGUE, type ErrorCode } from "../base/errors.ts";
import type { Coordinator } from "../cluster/server/ports.ts";
import type * as views from "../cluster/server/views.ts";

export const API_PREFIX = "/api/v1";

const errorCodes = Object.keys(ERROR_CATALOGUE) as [ErrorCode, ...ErrorCode[]];
/** A code that this version does not know is shown as E_INTERNAL with its message. */
const errorCodeSchema = z.enum(errorCodes).catch("E_INTERNAL");

const errorBodySchema = z.object({ code: errorCodeSchema, message: z.string(), hint: z.string() });
export const errorDocumentSchema = z.object({ error: errorBodySchema });

// ── responses ──────────────────────────────────────────────────────────────────────────────────────────────────

export const jobStatusSchema = z.enum([
  "Queued",
  "WaitingForClients",
  "Benchmarking",
  "Processing",
  "Combining",
  "Completed",
  "Failed",
  "Cancelled",
]);
export type JobStatus = z.infer<typeof jobStatusSchema>;

/** A job in one of these changes no more. */
export function isTerminal(status: JobStatus): boolean {
  return status === "Completed" || status === "Failed" || status === "Cancelled";
}

const clientStatusSchema = z.enum(["Connected", "Benchmarking", "Processing", "Idle", "Disconnected"]);

const outputFileSchema = z.object({ name: z.string(), bytes: z.number(), sha256: z.string() });

export const jobSchema = z.object({
  job_id: z.string(),
  file_name: z.string(),
  status: jobStatusSchema,
  progress: z.number(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  error: errorBodySchema.nullable(),
  encoder: z.string(),
  family: z.string(),
  fps: z.number(),
  eta_seconds: z.number().nullable(),
  segments: z.object({ done: z.number(), running: z.number(), known: z.number() }),
  frames: z.object({ done: z.number(), total: z.number().nullable() }),
  output: outputFileSchema.nullable(),
  output_name: z.string(),
  activity: z.string().nullable(),
  clients: z.number(),
  capable_clients: z.number(),
  required_clients: z.number(),
});
export type JobView = z.infer<typeof jobSchema>;

const eventSchema = z.object({
  seq: z.number(),
  at: z.string(),
  type: z.string(),
  job_id: z.string().nullable(),
  client_id: z.string().nullable(),
  segment_index: z.number().nullable(),
  attempt_id: z.string().nullable(),
  detail: z.string(),
});
export type EventView = z.infer<typeof eventSchema>;

export const jobDetailSchema = jobSchema.extend({
  ffmpeg_params: z.string(),
  split: z.string(),
  idle_clients: z.array(z.object({ client_id: z.string(), name: z.string(), reason: z.string() })),
  segment_list: z.array(
    z.object({
      index: z.number(),
      start_pts: z.number(),
      end_pts: z.number(),
      frames: z.number(),
      state: z.enum(["pending", "leased", "measured", "verifying", "referencing", "verified"]),
      attempts: z.number(),
      client: z.string().nullable(),
      notes: z.array(z.string()),
    }),
  ),
  attempts: z.array(
    z.object({
      attempt_id: z.string(),
      segment_index: z.number(),
      client_id: z.string(),
      outcome: z.string().nullable(),
      reason: z.string().nullable(),
      started_at: z.string(),
      ended_at: z.string().nullable(),
    }),
  ),
  events: z.array(eventSchema),
});
export type JobDetailView = z.infer<typeof jobDetailSchema>;

export const clientSchema = z.object({
  client_id: z.string(),
  name: z.string(),
  status: clientStatusSchema,
  connected_at: z.string(),
  current_job: z.string().nullable(),
  performance: z.number().nullable(),
  slots: z.number(),
  platform: z.string(),
  ffmpeg: z.string(),
  families: z.array(z.string()),
  version: z.string(),
  draining: z.boolean(),
  paused: z.boolean(),
  quarantine: z.string().nullable(),
  no_room: z.string().nullable(),
});
export type ClientView = z.infer<typeof clientSchema>;

export const clientDetailSchema = clientSchema.extend({
  encoders: z.array(z.string()),
  hardware: z.array(
    z.object({
      family: z.string(),
      device: z.string().nullable(),
      encoders: z.array(z.string()),
      reason: z.string().nullable(),
    }),
  ),
  pools: z.record(z.string(), z.number()).nullable(),
  slots_reason: z.string().nullable(),
  events: z.array(eventSchema),
});
export type ClientDetailView = z.infer<typeof clientDetailSchema>;

export const sourceSchema = z.object({ source_id: z.string(), name: z.string(), bytes: z.number() });
export type SourceView = z.infer<typeof sourceSchema>;

export const uploadBegunSchema = z.object({ source_id: z.string(), offset: z.number() });
export type UploadBegunView = z.infer<typeof uploadBegunSchema>;

export const serverInfoSchema = z.object({
  version: z.string(),
  protocol: z.number(),
  ffmpeg: z.string(),
  defaults: z.object({ ffmpeg_params: z.string(), file_name_output: z.string(), required_clients: z.number() }),
});
export type ServerInfoView = z.infer<typeof serverInfoSchema>;

export const localChallengeSchema = z.object({
  challengeId: z.string(),
  ranges: z.array(z.object({ start: z.number(), length: z.number() })),
});
export type LocalChallengeView = z.infer<typeof localChallengeSchema>;

export const requestCheckedSchema = z.object({ output_name: z.string() });

const proofStreamSchema = z.object({
  index: z.number(),
  type: z.string(),
  codec: z.string(),
  language: z.string().nullable(),
});

export const proofSchema = z.object({
  job_id: z.string(),
  exact: z.boolean(),
  frames: z.object({ expected: z.number(), encoded: z.number(), in_output: z.number() }),
  pts: z.object({ equal: z.boolean(), max_error_ticks: z.number() }),
  av_offset_error_ms: z.number().nullable(),
  streams: z.object({
    in: z.array(proofStreamSchema),
    out: z.array(proofStreamSchema),
    left_out: z.array(proofStreamSchema.extend({ reason: z.string() })),
  }),
  lost: z.array(z.string()).exactOptional(),
  segments: z.array(
    z.object({
      index: z.number(),
      start_pts: z.number(),
      end_pts: z.number(),
      frames: z.number(),
      sha256: z.string(),
      client: z.string(),
      encoder: z.string(),
      attempts: z.number(),
      seconds: z.number(),
      notes: z.array(z.string()),
    }),
  ),
  wall_seconds: z.number(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().exactOptional() })),
  encoder: z.object({
    name: z.string(),
    family: z.enum(["software", "nvenc", "qsv", "amf", "videotoolbox", "vaapi"]),
    versions: z.array(z.string()),
  }),
  output: outputFileSchema,
  notes: z.array(z.string()),
});
export type ProofView = z.infer<typeof proofSchema>;

// ── requests ───────────────────────────────────────────────────────────────────────────────────────────────────

const shortText = z.string().min(1).max(1000);
/** The name becomes a header and a file's name on other machines; folders are their business. */
const fileName = shortText.refine((name) => !/[\p{Cc}/]/u.test(name) && name.isWellFormed(), "not a file name");

export const requestCheckSchema = z.strictObject({
  ffmpeg_params: z.string().max(20_000).nullable(),
  output_name: fileName.nullable(),
  input_name: shortText,
  has_subtitles: z.boolean().default(false),
});
export type RequestCheck = z.input<typeof requestCheckSchema>;

export const uploadSchema = z.strictObject({
  name: shortText,
  bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** The sender's own name for the file as it is now: an upload of the same key that was left off goes on. */
  key: z.string().min(1).max(200).nullable().default(null),
});
export type UploadWanted = z.input<typeof uploadSchema>;

export const localSourceSchema = z.strictObject({
  path: z.string().min(1).max(5000),
  bytes: z.number().int().min(0),
  mtime_ms: z.number(),
});
export const localProofSchema = z.strictObject({ digests: z.array(z.string().max(100)).max(1000) });
export const serverSourceSchema = z.strictObject({ path: z.string().min(1).max(5000) });

export const createJobSchema = z.strictObject({
  source_id: shortText,
  /** A text file, handed in as a source too, that is drawn into the picture. */
  subtitles_source_id: shortText.nullable().default(null),
  ffmpeg_params: z.string().max(20_000).nullable().default(null),
  output_name: fileName.nullable().default(null),
  required_clients: z.number().int().min(1).max(10_000).nullable().default(null),
  family: z.enum(["auto", "software", "nvenc", "qsv", "amf", "videotoolbox", "vaapi"]).nullable().default(null),
  allow_mixed: z.boolean().nullable().default(null),
  /** Seconds; "ever": never give its family up. */
  wait_for_family: z
    .union([z.number().min(0).max(31_536_000), z.literal("ever")])
    .nullable()
    .default(null),
  name: shortText.nullable().default(null),
  verify: z.enum(["fast", "full"]).nullable().default(null),
});
export type CreateJob = z.input<typeof createJobSchema>;

// ── the schemas are the views ──────────────────────────────────────────────────────────────────────────────────

type Mutable<T> = T extends readonly (infer E)[]
  ? Mutable<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;
/** True when both are assignable to each other, `readonly` aside. */
type Same<A, B> = [A] extends [Mutable<B>] ? ([Mutable<B>] extends [A] ? true : false) : false;

/** Each line fails to compile when a schema and its view differ. */
export type ContractHolds = [
  Assert<Same<JobView, views.JobView>>,
  Assert<Same<JobDetailView, views.JobDetailView>>,
  Assert<Same<ClientView, views.ClientView>>,
  Assert<Same<ClientDetailView, views.ClientDetailView>>,
  Assert<Same<EventView, views.EventView>>,
  Assert<Same<SourceView, views.SourceView>>,
  Assert<Same<UploadBegunView, views.UploadBegunView>>,
  Assert<Same<ServerInfoView, views.ServerInfoView>>,
  Assert<Same<ProofView, Awaited<ReturnType<Coordinator["proof"]>>>>,
  Assert<Same<LocalChallengeView, Awaited<ReturnType<Coordinator["challengeLocalSource"]>>>>,
];
type Assert<T extends true> = T;
