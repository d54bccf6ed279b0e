// What the API's description says of sources, jobs, clients and attempts.
import { z } from "zod";
import {
  attemptLogSchema,
  attemptSchema,
  clientDetailSchema,
  clientSchema,
  comparisonSchema,
  eventSchema,
  jobDetailSchema,
  jobSchema,
  localChallengeSchema,
  sourcePreviewSchema,
  sourceSchema,
  uploadBegunSchema,
} from "../../cluster/server/views.ts";
import { proofSchema } from "../../media/model/proof.ts";
import type { RouteKey } from "../access.ts";
import {
  attemptsQuerySchema,
  clientListQuerySchema,
  createJobSchema,
  eventsQuerySchema,
  frameQuerySchema,
  idempotencyKeySchema,
  jobListQuerySchema,
  localProofSchema,
  localSourceSchema,
  moveJobSchema,
  previewSchema,
  requestCheckedSchema,
  requestCheckSchema,
  serverSourceSchema,
  uploadSchema,
} from "../contract.ts";
import { bytes, created, type Operation, ok, page } from "./operation.ts";
import type { WEBHOOK_OPERATIONS } from "./webhook-operations.ts";

type Work = Exclude<
  Extract<RouteKey, `${string} /api/v1/${"requests" | "sources" | "jobs" | "clients" | "attempts"}${string}`>,
  keyof typeof WEBHOOK_OPERATIONS
>;

const appendHeaders = z.object({
  "upload-offset": z.string().meta({ description: "Where the piece begins." }),
  "upload-complete": z.string().optional().meta({ description: "`?1` on the last piece." }),
  "x-ffcluster-block-sha256": z.string().meta({ description: "SHA-256 of each 256 KiB, separated by commas." }),
  "x-ffcluster-sha256": z.string().optional().meta({ description: "Of the whole source, on the last piece." }),
});
const PIECE = "application/partial-upload";
const reportHeaders = z.object({
  "x-ffcluster-report": z.string().meta({ description: "The segment's report, JSON." }),
});
const offset = z.number().meta({ description: "Bytes that have arrived." });
const uploadState = {
  204: { description: "`Upload-Offset`, `Upload-Length` and `Upload-Complete` say how far it is." },
};
export const lastEventId = z.object({
  "last-event-id": z.string().optional().meta({ description: "Of the last event that the caller has." }),
});
export const idempotencyHeaders = z.object({
  "idempotency-key": idempotencyKeySchema
    .optional()
    .meta({ description: "Sent again with the same body within a day, it gives the same answer." }),
});
const events = (description: string) => ({ 200: { description, type: "text/event-stream" } });

export const WORK_OPERATIONS: Readonly<Record<Work, Operation>> = {
  "POST /api/v1/requests/check": {
    tag: "jobs",
    summary: "Say whether an encode request would be taken, and the output's name",
    body: requestCheckSchema,
    answers: ok(requestCheckedSchema),
  },
  "POST /api/v1/sources": {
    tag: "sources",
    summary: "Open an upload, or go on with the unfinished one of the same key",
    headers: idempotencyHeaders,
    body: uploadSchema,
    answers: created(
      uploadBegunSchema,
      "The upload, and how much of it is there; with `Idempotency-Replayed: true` it was there before.",
    ),
  },
  "HEAD /api/v1/sources/:id": { tag: "sources", summary: "Say how far an upload is", answers: uploadState },
  "PATCH /api/v1/sources/:id": {
    tag: "sources",
    summary: "Append a piece to an upload",
    headers: appendHeaders,
    bytes: PIECE,
    answers: ok(z.object({ offset, source: sourceSchema.nullable() }), "The piece is kept."),
  },
  "POST /api/v1/sources/local": {
    tag: "sources",
    summary: "Offer a file of the server's own machine",
    body: localSourceSchema,
    answers: { 201: { description: "Ranges to prove it with.", json: localChallengeSchema } },
  },
  "POST /api/v1/sources/local/:challengeId": {
    tag: "sources",
    summary: "Prove that the same file was read",
    body: localProofSchema,
    answers: created(sourceSchema, "The source."),
  },
  "POST /api/v1/sources/on-server": {
    tag: "sources",
    summary: "Name a file below a media root",
    body: serverSourceSchema,
    answers: created(sourceSchema, "The source."),
  },
  "POST /api/v1/sources/:id/preview": {
    tag: "sources",
    summary: "Show what a job would make of a source; of one on its way, what its header says",
    body: previewSchema,
    answers: ok(
      sourcePreviewSchema.nullable(),
      "Its streams, what becomes of each, and how it would be split; null: too little has arrived.",
    ),
  },
  "GET /api/v1/sources/:id/blocks/:n": { tag: "sources", summary: "Read one block", answers: bytes("The block.") },
  "POST /api/v1/jobs": {
    tag: "jobs",
    summary: "Make a job of a source",
    headers: idempotencyHeaders,
    body: createJobSchema,
    answers: created(jobSchema, "The job; with `Idempotency-Replayed: true` it was there before."),
  },
  "GET /api/v1/jobs": {
    tag: "jobs",
    summary: "List jobs in the order of their creation",
    query: jobListQuerySchema,
    answers: page(jobSchema, "A submitter's own jobs; everybody else's view has all."),
  },
  "GET /api/v1/jobs/watch": {
    tag: "jobs",
    summary: "Follow all jobs, as server-sent events",
    headers: lastEventId,
    answers: events("`snapshot`, then `job` with the view of each that changes."),
  },
  "GET /api/v1/jobs/:id": { tag: "jobs", summary: "Show a job", answers: ok(jobSchema, "The job.") },
  "GET /api/v1/jobs/:id/detail": {
    tag: "jobs",
    summary: "Show a job with its request, segments, attempts and events",
    answers: ok(jobDetailSchema, "The job."),
  },
  "GET /api/v1/jobs/:id/events": {
    tag: "jobs",
    summary: "List what happened to a job",
    query: eventsQuerySchema,
    answers: page(eventSchema, "The events, in their order."),
  },
  "GET /api/v1/jobs/:id/attempts": {
    tag: "jobs",
    summary: "List who tried which segment of a job",
    query: attemptsQuerySchema,
    answers: page(attemptSchema, "The attempts, in the order in which they began."),
  },
  "GET /api/v1/jobs/:id/logs": {
    tag: "jobs",
    summary: "Show what ffmpeg said in each attempt of a job",
    answers: ok(z.array(attemptLogSchema), "The attempts, in the order in which they began."),
  },
  "GET /api/v1/jobs/:id/watch": {
    tag: "jobs",
    summary: "Follow a job until it ends, as server-sent events",
    headers: lastEventId,
    answers: {
      ...events("Each event is the job's view."),
      204: { description: "It has ended, and the caller has its last view." },
    },
  },
  "GET /api/v1/jobs/:id/proof": {
    tag: "jobs",
    summary: "Show the proof of a job",
    answers: ok(proofSchema, "The proof."),
  },
  "GET /api/v1/jobs/:id/comparison": {
    tag: "jobs",
    summary: "Show how well the pictures of an output are met, and its bit rate over time",
    answers: ok(comparisonSchema, "What is known of them."),
  },
  "GET /api/v1/jobs/:id/frames/:n": {
    tag: "jobs",
    summary: "Show one picture of an output by its number, or the source's picture that it shows",
    query: frameQuerySchema,
    answers: {
      200: { description: "Of the output's size.", type: "image/png" },
      304: { description: "It is the one that the caller has." },
    },
  },
  "POST /api/v1/jobs/:id/cancel": { tag: "jobs", summary: "Cancel a job", answers: ok(jobSchema) },
  "POST /api/v1/jobs/:id/move": {
    tag: "jobs",
    summary: "Change the priority of a job, or its place among its owner's",
    body: moveJobSchema,
    answers: ok(jobSchema),
  },
  "POST /api/v1/jobs/:id/retry": {
    tag: "jobs",
    summary: "Go on with a failed or cancelled job from its verified segments",
    answers: ok(jobSchema),
  },
  "GET /api/v1/jobs/:id/output": {
    tag: "jobs",
    summary: "Download the output; Range, If-Range and If-None-Match work",
    answers: bytes("The file; its ETag is its SHA-256.", {
      206: { description: "The range that was asked for.", type: "application/octet-stream" },
      304: { description: "It is the one that the caller has." },
    }),
  },
  "HEAD /api/v1/jobs/:id/output": {
    tag: "jobs",
    summary: "Say size, name and digest of the output",
    answers: { 200: { description: "In the headers." }, 304: { description: "It is the one that the caller has." } },
  },
  "GET /api/v1/jobs/:id/side-files/:n": {
    tag: "jobs",
    summary: "Read the subtitles that clients draw",
    answers: bytes("Matroska."),
  },
  "GET /api/v1/clients": {
    tag: "clients",
    summary: "List clients by name",
    query: clientListQuerySchema,
    answers: page(clientSchema, "The clients."),
  },
  "GET /api/v1/clients/watch": {
    tag: "clients",
    summary: "Follow all clients, as server-sent events",
    headers: lastEventId,
    answers: events("`snapshot`, then `client` with the view of each that changes."),
  },
  "GET /api/v1/clients/:id": {
    tag: "clients",
    summary: "Show a client with its encoders, devices and events",
    answers: ok(clientDetailSchema, "The client."),
  },
  "POST /api/v1/clients/:id/disconnect": { tag: "clients", summary: "Send a client away", answers: ok(clientSchema) },
  "POST /api/v1/clients/:id/drain": {
    tag: "clients",
    summary: "Let a client finish what it holds, and give it nothing more",
    answers: ok(clientSchema),
  },
  "POST /api/v1/clients/:id/pause": {
    tag: "clients",
    summary: "Suspend what a client runs",
    answers: ok(clientSchema),
  },
  "POST /api/v1/clients/:id/resume": {
    tag: "clients",
    summary: "End a drain, a pause and a quarantine",
    answers: ok(clientSchema),
  },
  "HEAD /api/v1/attempts/:id/result": {
    tag: "attempts",
    summary: "Say how far the upload of a segment is",
    headers: reportHeaders,
    answers: uploadState,
  },
  "PATCH /api/v1/attempts/:id/result": {
    tag: "attempts",
    summary: "Append a piece to a segment",
    headers: reportHeaders.extend(appendHeaders.shape),
    bytes: PIECE,
    answers: ok(z.object({ offset, accepted: z.boolean() }), "The piece is kept."),
  },
};
