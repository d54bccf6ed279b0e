// What the outside sees of jobs, clients and sources, as schemas: exactly the JSON of the command line's contract. The API
// answers with these shapes and its client checks answers against them.
import { z } from "zod";
import type { DeepReadonly } from "../../base/deep-readonly.ts";
import { ERROR_CATALOGUE, type ErrorCode } from "../../base/errors.ts";
import { ROLES } from "../protocol/roles.ts";
import type { ClientStatus } from "../scheduler/model/client.ts";
import type { JobStatus } from "../scheduler/model/job.ts";

const errorCodes = Object.keys(ERROR_CATALOGUE) as [ErrorCode, ...ErrorCode[]];
export const errorBodySchema = z.object({
  /** A code that this version does not know is shown as E_INTERNAL with its message. */
  code: z.enum(errorCodes).catch("E_INTERNAL"),
  message: z.string(),
  hint: z.string(),
});

export const jobStatusSchema = z.enum([
  "Queued",
  "WaitingForClients",
  "Benchmarking",
  "Processing",
  "Combining",
  "Completed",
  "Failed",
  "Cancelled",
]) satisfies z.ZodType<JobStatus>;

/** A client that holds a segment of a job, or has delivered one. */
const crewMemberSchema = z.object({
  client_id: z.string(),
  name: z.string(),
  /** lost: its link is down. paused, resting: what it holds stands still. A word that is not known is shown as ready. */
  condition: z.enum(["ready", "lost", "paused", "resting", "quarantined"]).catch("ready"),
  /** What it holds now, in the order of the video. */
  segments: z.array(
    z.object({
      index: z.number(),
      stage: z.enum(["queued", "fetching", "encoding", "uploading"]),
      frames: z.object({ done: z.number(), total: z.number() }),
    }),
  ),
  /** Frames per second of all its encodes of the job together. */
  fps: z.number(),
  /** Its part of all frames that are delivered so far, 0 to 100. */
  percent: z.number(),
});
export type CrewMemberView = DeepReadonly<z.infer<typeof crewMemberSchema>>;

export const clientStatusSchema = z.enum([
  "Connected",
  "Benchmarking",
  "Processing",
  "Idle",
  "Disconnected",
]) satisfies z.ZodType<ClientStatus>;

export const jobSchema = z.object({
  job_id: z.string(),
  file_name: z.string(),
  status: jobStatusSchema,
  /** Percent of frames, 0 to 100. */
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
  /** Of the source, by its container; null where that does not say. Absent in answers of earlier versions. */
  duration_seconds: z.number().nullable().exactOptional(),
  output: z.object({ name: z.string(), bytes: z.number(), sha256: z.string() }).nullable(),
  /** The name that the output will have; known from the start. */
  output_name: z.string(),
  /** What the server itself does for the job now ("checking every picture, 40 %"); null: nothing worth showing. */
  activity: z.string().nullable(),
  /** Clients that work on it now. */
  clients: z.number(),
  /** Clients that could work on it: connected, and with the encoder. */
  capable_clients: z.number(),
  required_clients: z.number(),
  /** Name of the token that it was submitted with. */
  owner: z.string(),
  /** 0 to 100. */
  priority: z.number(),
  /** Jobs of one owner go by this number, then by their creation. Absent in answers of earlier versions. */
  queue_place: z.number().exactOptional(),
  /** Of the source. Absent in answers of earlier versions. */
  source_bytes: z.number().exactOptional(),
  /** Where the source lies, without what may be a secret; null: it is a file. Absent in answers of earlier versions. */
  source_url: z.string().nullable().exactOptional(),
  /** Where the output goes besides, in the same words; null: it stays on the server. */
  output_url: z.string().nullable().exactOptional(),
  /** Who works on it, and at what; in answers about one job. Absent in answers of earlier versions. */
  crew: z.array(crewMemberSchema).exactOptional(),
});
export type JobView = DeepReadonly<z.infer<typeof jobSchema>>;

const segmentSchema = z.object({
  index: z.number(),
  start_pts: z.number(),
  end_pts: z.number(),
  frames: z.number(),
  state: z.enum(["pending", "leased", "measured", "verifying", "referencing", "verified"]),
  attempts: z.number(),
  client: z.string().nullable(),
  notes: z.array(z.string()),
});
export type SegmentView = DeepReadonly<z.infer<typeof segmentSchema>>;

export const eventSchema = z.object({
  seq: z.number(),
  at: z.string(),
  type: z.string(),
  job_id: z.string().nullable(),
  client_id: z.string().nullable(),
  segment_index: z.number().nullable(),
  attempt_id: z.string().nullable(),
  detail: z.string(),
});
export type EventView = DeepReadonly<z.infer<typeof eventSchema>>;

export const attemptSchema = z.object({
  attempt_id: z.string(),
  segment_index: z.number(),
  client_id: z.string(),
  /** The client's name. Absent in lists of attempts alone, and in answers of earlier versions. */
  client: z.string().exactOptional(),
  /** The type of the last event that names the attempt; null: none has yet. */
  outcome: z.string().nullable(),
  reason: z.string().nullable(),
  started_at: z.string(),
  /** Null while the attempt lives. */
  ended_at: z.string().nullable(),
  /** When it came to each stage. Absent where the server was started since. */
  stages: z.array(z.object({ stage: z.string(), at: z.string() })).exactOptional(),
  /** How far it got, and how fast it encodes or did. Absent likewise. */
  frames: z.number().exactOptional(),
  fps: z.number().exactOptional(),
});
export type AttemptView = DeepReadonly<z.infer<typeof attemptSchema>>;

const shareSchema = z.object({
  segments: z.number(),
  frames: z.number(),
  /** Of all frames of the job that are delivered so far, 0 to 100. */
  percent: z.number(),
});

/** `jobs logs`: what was reported of one attempt. */
export const attemptLogSchema = attemptSchema.omit({ reason: true }).extend({
  /** The client's name. */
  client: z.string(),
  /** ffmpeg's last words, and what its decoder complained of; or why the attempt ended. */
  lines: z.array(z.string()),
});
export type AttemptLogView = DeepReadonly<z.infer<typeof attemptLogSchema>>;

/** `jobs show`: the job with its history. */
export const jobDetailSchema = jobSchema.extend({
  ffmpeg_params: z.string(),
  split: z.string(),
  /** Connected clients that do not work on it, and why. */
  idle_clients: z.array(z.object({ client_id: z.string(), name: z.string(), reason: z.string() })),
  segment_list: z.array(segmentSchema),
  /** What each client has delivered of it, the largest first. Absent in answers of earlier versions. */
  shares: z.array(shareSchema.extend({ client_id: z.string(), name: z.string() })).exactOptional(),
  attempts: z.array(attemptSchema),
  events: z.array(eventSchema),
});
export type JobDetailView = DeepReadonly<z.infer<typeof jobDetailSchema>>;

const scoreSchema = z.object({
  /** Number in the output, from 0. */
  frame: z.number(),
  /** dB, of the worst plane, as far as it was compared; null: every sample is the source's. */
  psnr: z.number().nullable(),
  ssim: z.number(),
});

/** An output beside its source. */
export const comparisonSchema = z.object({
  frames: z.number(),
  seconds: z.number(),
  width: z.number(),
  height: z.number(),
  /** "16:15"; null: square pixels. */
  pixel_shape: z.string().nullable(),
  /** Why its pictures can't be shown beside the source's; null: they can. */
  reason: z.string().nullable(),
  /** Why those of the source are gone; null: they are there. */
  source_gone: z.string().nullable(),
  /** When some of its pictures are shown, from its beginning. */
  times: z.array(z.object({ frame: z.number(), seconds: z.number() })),
  /** The worst picture of each stretch, of those that the proof looked at. */
  scores: z.array(scoreSchema),
  /** The proof looked at all pictures. */
  every_picture: z.boolean(),
  /** Bits per second of the video, in equal stretches. */
  bitrate: z.array(z.number()),
});
export type ComparisonView = DeepReadonly<z.infer<typeof comparisonSchema>>;

export const clientSchema = z.object({
  client_id: z.string(),
  name: z.string(),
  status: clientStatusSchema,
  connected_at: z.string(),
  /** Since when it is disconnected; null: it is not. Absent in answers of earlier versions. */
  gone_since: z.string().nullable().exactOptional(),
  /** The job that it works on. */
  current_job: z.string().nullable(),
  /** The job of which a disconnected client still holds segments: until it comes back, or its lease ends. */
  leased_job: z.string().nullable(),
  /** Measured frames per second; null until then. */
  performance: z.number().nullable(),
  slots: z.number(),
  platform: z.string(),
  ffmpeg: z.string(),
  families: z.array(z.string()),
  version: z.string(),
  /** An operator asked: the client finishes what it holds and gets no more work. */
  draining: z.boolean(),
  /** An operator asked: the client's encodes are suspended, and it gets no more work. */
  paused: z.boolean(),
  /** Why the client is in quarantine and gets no more work; null: it is not. */
  quarantine: z.string().nullable(),
  /** Why the client gets no work until its disk has space again; null: it has space. */
  no_room: z.string().nullable(),
  /**
   * Why, and until when, the client takes no work by the rules of its machine's owner; null: it does. Absent in answers of
   * earlier versions.
   */
  resting: z
    .object({
      reason: z.string(),
      /** Null: nobody knows. */
      until: z.string().nullable(),
      /** What it encodes is suspended. */
      suspended: z.boolean(),
    })
    .nullable()
    .exactOptional(),
  /** Names of its own keys, which `token revoke` takes; empty: it came with an admin's token, or was revoked. */
  keys: z.array(z.string()),
});
export type ClientView = DeepReadonly<z.infer<typeof clientSchema>>;

export const clientDetailSchema = clientSchema.extend({
  encoders: z.array(z.string()),
  /** Hardware devices, and families without one, as the client tried them; reason: why one does not work. */
  hardware: z.array(
    z.object({
      family: z.string(),
      device: z.string().nullable(),
      encoders: z.array(z.string()),
      reason: z.string().nullable(),
    }),
  ),
  /** Encodes at a time for each family; null: `slots` for all together. */
  pools: z.record(z.string(), z.number()).nullable(),
  /** Why it runs this many encodes on the CPU; null: it has not said since the server started. */
  slots_reason: z.string().nullable(),
  /** Frames per second of its latest attempts, by when each began to encode, since the server started. */
  speeds: z.array(z.object({ at: z.string(), fps: z.number(), job_id: z.string() })).exactOptional(),
  /** What it has delivered of the latest jobs, the newest first. Absent in answers of earlier versions. */
  shares: z.array(shareSchema.extend({ job_id: z.string(), file_name: z.string() })).exactOptional(),
  events: z.array(eventSchema),
});
export type ClientDetailView = DeepReadonly<z.infer<typeof clientDetailSchema>>;

export const sourceSchema = z.object({ source_id: z.string(), name: z.string(), bytes: z.number() });
export type SourceView = DeepReadonly<z.infer<typeof sourceSchema>>;

const previewedStreamSchema = z.object({
  index: z.number(),
  type: z.string(),
  codec: z.string(),
  language: z.string().nullable(),
  title: z.string().nullable(),
  action: z.enum(["encode", "copy", "convert", "leave-out"]),
  /** For streams that are encoded or converted. */
  encoder: z.string().nullable(),
  /** Why the stream is left out. */
  reason: z.string().nullable(),
});

/** What a job would make of a source. */
export const sourcePreviewSchema = z.object({
  /** False: it is still on its way, and this is what its header says. */
  is_whole: z.boolean(),
  duration_seconds: z.number().nullable(),
  video: z.object({
    codec: z.string(),
    width: z.number(),
    height: z.number(),
    pixel_format: z.string(),
    fps: z.number().nullable(),
    /** Null: not counted yet, or without times in the file. */
    frames: z.number().nullable(),
  }),
  streams: z.array(previewedStreamSchema),
  output_name: z.string(),
  encoder: z.string(),
  /** How it would be split, for several numbers of clients; null: not known yet. */
  split: z
    .object({
      mode: z.enum(["keyframes", "whole"]),
      reason: z.string().nullable(),
      outlook: z.array(
        z.object({
          clients: z.number(),
          segments: z.number(),
          busy_clients: z.number(),
          longest_segment_seconds: z.number(),
        }),
      ),
    })
    .nullable(),
});
export type SourcePreviewView = DeepReadonly<z.infer<typeof sourcePreviewSchema>>;

/** A named request. */
export const presetSchema = z.object({
  name: z.string(),
  ffmpeg_params: z.string(),
  /** What it is for; empty: nobody said. */
  reason: z.string(),
  /** Of the config file that the server was started with. */
  is_own: z.boolean(),
});
export type PresetView = DeepReadonly<z.infer<typeof presetSchema>>;

/** An upload, with the id that its source will have and the number of bytes that have already arrived. */
export const uploadBegunSchema = z.object({ source_id: z.string(), offset: z.number() });
export type UploadBegunView = DeepReadonly<z.infer<typeof uploadBegunSchema>>;

/** Ranges of a local source whose digests a submitter must give to prove that it reads the same file. */
export const localChallengeSchema = z.object({
  challenge_id: z.string(),
  ranges: z.array(z.object({ start: z.number(), length: z.number() })),
});
export type LocalChallengeView = DeepReadonly<z.infer<typeof localChallengeSchema>>;

export const tokenSchema = z.object({
  name: z.string(),
  role: z.enum(ROLES),
  state: z.enum(["live", "expired", "revoked"]),
  /** The client that it is for; null: none yet, or it is no client's. */
  client_id: z.string().nullable(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});
export type TokenView = DeepReadonly<z.infer<typeof tokenSchema>>;

export const createdTokenSchema = tokenSchema.extend({ token: z.string() });
export type CreatedTokenView = DeepReadonly<z.infer<typeof createdTokenSchema>>;

/** One line of the audit log. */
export const auditEntrySchema = z.object({
  at: z.string(),
  /** What was asked, by a name of its own. */
  action: z.string(),
  /** The name and id of the token, its role and its client; null: no token that the server knows. */
  token: z.string().nullable(),
  token_id: z.string().nullable(),
  role: z.enum(ROLES).nullable(),
  client_id: z.string().nullable(),
  /** Where the request came from. */
  address: z.string(),
  /** The job, source, client or token that it was about; the path, where there was no such route. */
  object: z.string().nullable(),
  /** "ok", or the code of the error. */
  result: z.string(),
  /** How often: equal refusals within a minute are one entry. */
  times: z.number(),
});
export type AuditEntryView = DeepReadonly<z.infer<typeof auditEntrySchema>>;

/** An entry as the log shows it. */
export const auditRowSchema = auditEntrySchema.extend({
  /** Grows from entry to entry; none has that of another. */
  seq: z.number(),
});
export type AuditRowView = DeepReadonly<z.infer<typeof auditRowSchema>>;

export const serverInfoSchema = z.object({
  version: z.string(),
  protocol: z.number(),
  ffmpeg: z.string(),
  defaults: z.object({ ffmpeg_params: z.string(), file_name_output: z.string(), required_clients: z.number() }),
});
export type ServerInfoView = DeepReadonly<z.infer<typeof serverInfoSchema>>;
