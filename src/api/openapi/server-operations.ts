// What the API's description says of the server itself: health, tokens, sessions, the link, commands, and this description.
import { z } from "zod";
import { ROLES } from "../../cluster/protocol/roles.ts";
import {
  auditRowSchema,
  clientSchema,
  createdTokenSchema,
  errorBodySchema,
  jobSchema,
  presetSchema,
  serverInfoSchema,
  tokenSchema,
} from "../../cluster/server/views.ts";
import type { RouteKey } from "../access.ts";
import { auditQuerySchema, enrolSchema, inviteSchema, newTokenSchema, tokenListQuerySchema } from "../contract.ts";
import { commandSchema } from "../routes/command.ts";
import { created, type Operation, ok, page } from "./operation.ts";
import type { TUS_OPERATIONS } from "./tus-operations.ts";
import type { WEBHOOK_OPERATIONS } from "./webhook-operations.ts";
import { idempotencyHeaders, lastEventId, type WORK_OPERATIONS } from "./work-operations.ts";

/** Elsewhere. */
type Described = keyof typeof WORK_OPERATIONS | keyof typeof TUS_OPERATIONS | keyof typeof WEBHOOK_OPERATIONS;

const commandAnswers = z.union([
  z.object({ JobCreated: z.object({ job_id: z.string() }) }),
  z.object({ JobsList: z.array(jobSchema) }),
  z.object({ JobStatus: jobSchema }),
  z.object({ ClientsList: z.array(clientSchema) }),
]);

export const commandErrorSchema = z.object({ Error: errorBodySchema });

export const SERVER_OPERATIONS: Readonly<Record<Exclude<RouteKey, Described>, Operation>> = {
  "GET /healthz": {
    tag: "server",
    summary: "Say that the server takes work",
    answers: ok(z.object({ status: z.literal("ok"), version: z.string() }), "It does."),
  },
  "GET /metrics": {
    tag: "server",
    summary: "Read metrics, as Prometheus does",
    answers: { 200: { description: "Its text format, version 0.0.4.", type: "text/plain" } },
  },
  "GET /api/v1/presets": {
    tag: "server",
    summary: "List the presets of the server: shipped ones, and those of its config file",
    answers: ok(z.array(presetSchema), "Named requests."),
  },
  "GET /api/v1/hello": {
    tag: "server",
    summary: "Show version, ffmpeg and defaults",
    answers: ok(serverInfoSchema, "The server."),
  },
  "GET /api/v1/openapi.json": {
    tag: "server",
    summary: "Read this description",
    answers: ok(z.looseObject({ openapi: z.string() }), "OpenAPI 3.1."),
  },
  "GET /api/v1/docs": {
    tag: "server",
    summary: "Read this description as a page",
    answers: { 200: { description: "The page.", type: "text/html" } },
  },
  "GET /api/v1/watch": {
    tag: "server",
    summary: "Follow all jobs and clients, as server-sent events",
    headers: lastEventId,
    answers: {
      200: {
        description: "`snapshot`, then `job` and `client` with the view of each that changes.",
        type: "text/event-stream",
      },
    },
  },
  "GET /api/v1/audit": {
    tag: "server",
    summary: "Show who did what",
    query: auditQuerySchema,
    answers: page(auditRowSchema, "The newest entries, in their order; the next page has those before them."),
  },
  "GET /api/v1/link": {
    tag: "server",
    summary: "Connect a client, as a WebSocket",
    answers: { 101: { description: "The connection is a WebSocket." } },
  },
  "POST /ws/command": {
    tag: "commands",
    summary: "Send one command as a tagged object",
    body: commandSchema,
    answers: ok(commandAnswers, "The answer of its kind."),
  },
  "GET /ws/command": {
    tag: "commands",
    summary: "Send commands as messages of a WebSocket, each answered by one",
    answers: { 101: { description: "The connection is a WebSocket." } },
  },
  "GET /api/v1/invite": {
    tag: "tokens",
    summary: "Show what the join line is made of",
    answers: ok(inviteSchema, "Address, fingerprint and token."),
  },
  "GET /api/v1/tokens": {
    tag: "tokens",
    summary: "List tokens in the order in which they were made",
    query: tokenListQuerySchema,
    answers: page(tokenSchema, "The tokens, also those that have ended."),
  },
  "POST /api/v1/tokens": {
    tag: "tokens",
    summary: "Make a token",
    headers: idempotencyHeaders,
    body: newTokenSchema,
    answers: created(createdTokenSchema, "With the token; with `Idempotency-Replayed: true` it was there before."),
  },
  "POST /api/v1/tokens/:name/revoke": { tag: "tokens", summary: "Revoke a token", answers: ok(tokenSchema) },
  "POST /api/v1/tokens/:name/rotate": {
    tag: "tokens",
    summary: "Replace a token by a new one",
    answers: ok(createdTokenSchema, "With the new token."),
  },
  "POST /api/v1/enrol": {
    tag: "tokens",
    summary: "Exchange the token of a join line for a client's own key",
    body: enrolSchema,
    answers: created(z.object({ key: z.string().nullable() }), "The key; null: the token is it already."),
  },
  "GET /api/v1/session": {
    tag: "tokens",
    summary: "Say whose token or cookie it is",
    answers: ok(z.object({ name: z.string(), role: z.enum(ROLES) })),
  },
  "POST /api/v1/session": {
    tag: "tokens",
    summary: "Exchange a token for a browser's cookie",
    answers: created(z.object({ name: z.string(), role: z.enum(ROLES) }), "The cookie is set."),
  },
  "DELETE /api/v1/session": {
    tag: "tokens",
    summary: "End a browser's session",
    answers: ok(z.object({ ended: z.literal(true) }), "The cookie is gone."),
  },
};
