// The control messages between a client and the server: one zod union per direction, sent as JSON text frames on one
// WebSocket. File bytes never travel here. Defines shapes only; the scheduler decides what a message causes.
import { z } from "zod";

/**
 * Raised when a message changes its meaning. Server and client with different numbers refuse each other, and say why.
 */
export const PROTOCOL_VERSION = 8;

/** Both sides send something at least this often; a link that is silent for a lease time is dead. */
export const HEARTBEAT_MS = 2000;
export const LEASE_MS = 15_000;
/** Larger control messages are refused. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const id = z.uuid();
/** A name of ffmpeg's, a version, a platform. */
const word = z.string().max(100);
const MOST_ROWS = 200;

function table<T extends z.ZodType>(row: T) {
  return z.record(word, row).refine((rows) => Object.keys(rows).length <= MOST_ROWS, "too many rows");
}

/** What a client is doing for an attempt right now. */
const attemptStageSchema = z.enum(["queued", "fetching", "encoding", "uploading"]);
export type AttemptStage = z.infer<typeof attemptStageSchema>;

/**
 * What a client can do; sent in the hello, and again when it changes (a lost device, a full disk, another number of
 * slots).
 */
const abilities = {
  slots: z.number().int().min(1).max(1024),
  /** Why it has this many slots on the CPU, for people. */
  slotsReason: z.string().max(500).optional(),
  /** ffmpeg encoder names proven by a trial encode on this machine. */
  encoders: z.array(word).max(200),
  families: z.array(word).max(50),
  /** Encodes at a time by pool ("software" or a hardware family); absent: `slots` for all of them together. */
  pools: table(z.number().int().min(0).max(1024)).optional(),
  /** The largest picture of each hardware encoder, and whether it takes 10 bits, by trial. */
  limits: table(z.object({ width: z.number().int(), height: z.number().int(), isDeep: z.boolean() })).optional(),
  /** Every hardware family that ffmpeg lists or the machine may have, with the result of its trial, for people. */
  hardware: z
    .array(
      z.object({
        family: z.string().max(40),
        device: z.string().max(200).nullable(),
        encoders: z.array(z.string().max(100)).max(100),
        reason: z.string().max(1000).nullable(),
      }),
    )
    .max(100)
    .optional(),
  /**
   * Its disk is full, in words for people. Absent: it is not. A client that rests says so here, too: servers of earlier
   * versions do not know `resting`.
   */
  noRoom: z.string().max(500).optional(),
  /** It takes no work now, by the rules of its machine's owner. Absent: it does. */
  resting: z
    .object({
      reason: z.string().max(500),
      /** When it works again; null: nobody knows. */
      until: z.iso.datetime().nullable(),
      /** What it still holds stands still; false: it ends what ends soon. */
      isSuspended: z.boolean(),
    })
    .optional(),
};

// ── client → server ────────────────────────────────────────────────────────────────────────────────────────────

const helloSchema = z.object({
  type: z.literal("hello"),
  protocol: z.number().int(),
  version: word,
  clientId: id,
  /** Id of the running process: two processes with one client id are a copied identity. */
  instance: id,
  /** The machine's own name, for a refusal that names both. */
  host: z.string().max(300),
  name: z.string().min(1).max(200),
  platform: word,
  ffmpeg: z.string().max(300),
  ...abilities,
  /** Fingerprints of how this client renders text, by filter; null: it cannot. */
  textPrints: z
    .object({ drawtext: z.string().max(100).nullable(), subtitles: z.string().max(100).nullable() })
    .optional(),
  /** Most seconds of video this client wants in its first segment of a job; null: the server's. */
  benchmarkSeconds: z.number().positive().nullable(),
  /** The release of its ffmpeg; absent: not known. */
  release: z.object({ major: z.number().int(), minor: z.number().int() }).optional(),
  /** Codecs that its ffmpeg decodes without hardware, and its filters, by ffmpeg's names; absent: not known. */
  decodes: z.array(z.string().max(100)).max(5000).optional(),
  filters: z.array(z.string().max(100)).max(5000).optional(),
  /** What its software encoders take, by ffmpeg's names of encoders and pixel formats; absent: not known. */
  pixelFormats: z.record(z.string().max(100), z.array(z.string().max(100)).max(1000)).optional(),
  /** Attempts from before a lost connection that it still works on, or has a finished result of. */
  heldAttempts: z.array(id).max(2000),
});

export const clientMessageSchema = z.discriminatedUnion("type", [
  helloSchema,
  z.object({ type: z.literal("heartbeat") }),
  z.object({
    type: z.literal("progress"),
    attemptId: id,
    stage: attemptStageSchema,
    frames: z.number().int().min(0),
    /** Frames per second of this encode as ffmpeg says; 0 until known. */
    fps: z.number().min(0),
  }),
  z.object({
    type: z.literal("attempt-failed"),
    attemptId: id,
    /**
     * "encode": ffmpeg failed; "unfit": the device or this build can't do this job at all; "source": bytes could not be
     * fetched; "io": disk; "stalled": ffmpeg hung; "refused": the client's own check refused the task; "stopped": given
     * back on the way out.
     */
    kind: z.enum(["encode", "source", "io", "refused", "stalled", "unfit", "stopped"]),
    /** The end of ffmpeg's error output, or the error's message. */
    reason: z.string().max(8192),
  }),
  /** The answer to an offer that only measures: the bits of the segment at the quality that the task names. */
  z.object({
    type: z.literal("attempt-measured"),
    attemptId: id,
    secret: digest,
    bits: z.number().int().min(0),
    frames: z.number().int().min(0),
    seconds: z.number().min(0),
  }),
  /** It finishes what it can within seconds and leaves: it must get no more offers. */
  z.object({ type: z.literal("leaving") }),
  z.object({ type: z.literal("abilities"), ...abilities }),
  z.object({ type: z.literal("goodbye") }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type Hello = z.infer<typeof helloSchema>;

// ── server → client ────────────────────────────────────────────────────────────────────────────────────────────

/** How to read the source, and how to check that a local file is the same one. */
const sourceOfferSchema = z.object({
  sourceId: id,
  bytes: z.number().int().positive(),
  /** Bytes in one block; block n is [n·blockBytes, min(bytes, (n+1)·blockBytes)). */
  blockBytes: z.number().int().positive(),
  /** The path on the server, for clients on the same machine or with a path map. */
  path: z.string(),
  mtimeMs: z.number(),
  firstBlockSha256: digest,
  lastBlockSha256: digest,
});
export type SourceOffer = z.infer<typeof sourceOfferSchema>;

const burnInFileOfferSchema = z.object({ bytes: z.number().int().positive(), sha256: digest });
export type BurnInFileOffer = z.infer<typeof burnInFileOfferSchema>;

const offerSchema = z.object({
  type: z.literal("offer"),
  attemptId: id,
  /** Of this attempt; its result is taken only with it. Nothing else tells it. */
  secret: digest,
  jobId: id,
  segmentIndex: z.number().int().min(0),
  /** The job's, for people. Absent from servers of earlier versions. */
  fileName: z.string().max(1000).optional(),
  /** True for the first segment of this client on this job. */
  isBenchmark: z.boolean(),
  /** Run it at once, in the slot of another encode that is suspended meanwhile. Clients of earlier versions queue it. */
  isUrgent: z.boolean().optional(),
  /** More work comes to its slot after it: one thread for each core of its share is enough. */
  isFollowed: z.boolean().optional(),
  source: sourceOfferSchema,
  /** Burn-in files, one for each `subtitles` filter: `GET /api/v1/jobs/:jobId/side-files/:number`. */
  sideFiles: z.array(burnInFileOfferSchema).max(50).optional(),
  /** A `SegmentTask`; the client checks it with the media layer's own schema before it runs anything. */
  task: z.record(z.string(), z.unknown()),
});
export type Offer = z.infer<typeof offerSchema>;

export const serverMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    protocol: z.number().int(),
    version: z.string(),
    /** A file with random content on the server's disk: a client that can read it shares the server's files. */
    nonce: z.object({ path: z.string(), sha256: digest }),
    /** Within what a timer takes, and a line bears. */
    heartbeatMs: z.number().int().min(100).max(60_000),
    leaseMs: z.number().int().min(500).max(600_000),
    /** The attempts of the hello that are still wanted; the client drops the others. */
    keepAttempts: z.array(id),
    /** What the server calls the client: the name of its hello, with a number where another has that name. */
    name: z.string().max(250).optional(),
    isPaused: z.boolean(),
  }),
  offerSchema,
  /** Suspend what runs and begin nothing, or go on. Leases are kept. */
  z.object({ type: z.literal("pause"), isPaused: z.boolean() }),
  z.object({ type: z.literal("stop"), attemptId: id, reason: z.string() }),
  /** The source's job has ended: its cached blocks are no longer needed. */
  z.object({ type: z.literal("forget"), sourceId: id }),
  z.object({ type: z.literal("heartbeat") }),
  z.object({
    type: z.literal("goodbye"),
    reason: z.string(),
    /** False: the client was disconnected on request and should not reconnect by itself. */
    reconnect: z.boolean(),
    /** Why the client was refused; absent in other goodbyes. */
    code: z.enum(["E_PROTOCOL", "E_IDENTITY_IN_USE", "E_FORBIDDEN"]).optional(),
    /** What was wrong with the message that ended the link. */
    error: z
      .object({ code: z.string().max(100), message: z.string().max(2000), hint: z.string().max(2000) })
      .optional(),
  }),
]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/**
 * What is sent with the bytes of a finished segment: JSON in the header `x-ffcluster-report` of each `HEAD` and
 * `PATCH /api/v1/attempts/:attemptId/result`. `bytes` and `sha256` are those of the whole file.
 */
export const resultReportSchema = z.object({
  clientId: id,
  /** The one in the attempt's offer. */
  secret: digest,
  sha256: digest,
  bytes: z.number().int().positive(),
  frames: z.number().int().min(0),
  seconds: z.number().min(0),
  encoder: z.string(),
  ffmpegVersion: z.string(),
  seamStart: z.string().nullable(),
  seamAfterEnd: z.string().nullable(),
  /** Size, shape and bytes of the first decoded picture. */
  decoded: z.string().max(100).exactOptional(),
  /** Decoded pictures of the source, where the task counts them. */
  sourceFrames: z.number().int().min(0).exactOptional(),
  /** Digest of their times. */
  sourceTimes: digest.exactOptional(),
  decodeErrors: z.array(z.string().max(300)).max(5),
  /** Bytes of the video packets alone; present if the task gave the segment a share of bits. */
  videoBytes: z.number().int().min(0).exactOptional(),
});
export type ResultReport = z.infer<typeof resultReportSchema>;

export const HEADER_REPORT = "x-ffcluster-report";
export const HEADER_SHA256 = "x-ffcluster-sha256";
