// The description of the API, OpenAPI 3.1: made of the schemas that requests are checked with and answers are typed by, and
// of the table of roles. A route without an entry does not compile.
import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from "zod-openapi";
import { VERSION } from "../../base/version.ts";
import { clientSchema, errorBodySchema, jobSchema, sourceSchema, tokenSchema } from "../../cluster/server/views.ts";
import { deliverySchema, noticeSchema, webhookSchema } from "../../cluster/server/webhook-views.ts";
import { proofSchema } from "../../media/model/proof.ts";
import { ACCESS, isForAnyone, type RouteKey, rolesOf } from "../access.ts";
import { createJobSchema, problemSchema } from "../contract.ts";
import type { Answer, Operation } from "./operation.ts";
import { commandErrorSchema, SERVER_OPERATIONS } from "./server-operations.ts";
import { TUS_OPERATIONS } from "./tus-operations.ts";
import { SENT_WEBHOOKS, WEBHOOK_OPERATIONS } from "./webhook-operations.ts";
import { WORK_OPERATIONS } from "./work-operations.ts";

export type ApiDescription = ReturnType<typeof createDocument>;

export const OPERATIONS: Readonly<Record<RouteKey, Operation>> = {
  ...WORK_OPERATIONS,
  ...TUS_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...SERVER_OPERATIONS,
};

export const ROUTE_KEYS = Object.keys(ACCESS) as RouteKey[];

/** `/api/v1/jobs/:id` as OpenAPI writes it: `/api/v1/jobs/{id}`. */
export function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}");
}

const DESCRIPTION = `One video, encoded over many machines. Everything that the command line does is here. Send
\`Authorization: Bearer TOKEN\`. Ids of jobs and clients may be shortened to any unique prefix. Times are ISO 8601 in UTC.
Every failure is a problem of RFC 9457 with the error object inside; \`error.code\` says which, \`error.hint\` what to do.`;

/**
 * `isStrict`: answers have no fields but those that are described, which holds for this version alone: tests look at
 * answers with it. Callers should ignore fields that they do not know.
 */
export function describeApi({ isStrict = false } = {}): ApiDescription {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const key of ROUTE_KEYS) {
    const [method = "", path = ""] = key.split(" ");
    const template = templateOf(path);
    paths[template] = { ...paths[template], [method.toLowerCase()]: operationOf(key, path, OPERATIONS[key]) };
  }
  const whole: ZodOpenApiObject = {
    openapi: "3.1.1",
    info: {
      title: "ffcluster",
      version: VERSION,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    tags: [...new Set(ROUTE_KEYS.map((key) => OPERATIONS[key].tag))].map((name) => ({ name })),
    paths: paths as ZodOpenApiPathsObject,
    webhooks: SENT_WEBHOOKS,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: {
        Job: jobSchema,
        Client: clientSchema,
        Source: sourceSchema,
        Proof: proofSchema,
        Token: tokenSchema,
        Webhook: webhookSchema,
        Delivery: deliverySchema,
        Notice: noticeSchema,
        NewJob: createJobSchema,
        Error: errorBodySchema,
        Problem: problemSchema,
      },
    },
  };
  return createDocument(whole, {
    override: ({ jsonSchema, io }) => {
      if (io === "output" && !isStrict && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
    },
  });
}

function operationOf(key: RouteKey, path: string, operation: Operation): ZodOpenApiOperationObject {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const { query, headers: header, body, bytes } = operation;
  const given = {
    ...(names.length === 0 ? {} : { path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) }),
    ...(query === undefined ? {} : { query }),
    ...(header === undefined ? {} : { header }),
  };
  const type = bytes ?? "application/json";
  const content = body === undefined && bytes === undefined ? null : { [type]: { schema: body ?? z.unknown() } };
  return {
    operationId: operationId(key),
    tags: [operation.tag],
    summary: operation.summary,
    description: isForAnyone(key) ? "Needs no token." : `For tokens of the role ${rolesOf(key).join(", ")}.`,
    ...(isForAnyone(key) ? { security: [] } : {}),
    ...(Object.keys(given).length === 0 ? {} : { requestParams: given }),
    ...(content === null ? {} : { requestBody: { required: true, content } }),
    responses: {
      ...Object.fromEntries(Object.entries(operation.answers).map(([status, answer]) => [status, answerOf(answer)])),
      default: failureOf(key),
    },
  };
}

/** `GET /api/v1/jobs/:id/proof` → `getJobsIdProof`. */
function operationId(key: RouteKey): string {
  const [first = "", ...words] = key.replace("/api/v1", "").match(/\w+/g) ?? [];
  return first.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function answerOf({ description, json, type, headers }: Answer) {
  const schema = json ?? z.unknown();
  const name = type ?? "application/json";
  return {
    description,
    ...(headers === undefined ? {} : { headers }),
    ...(json === undefined && type === undefined ? {} : { content: { [name]: { schema } } }),
  };
}

function failureOf(key: RouteKey) {
  const description = "A failure.";
  if (key.startsWith("HEAD ")) return { description: "A failure: `x-ffcluster-error` has its code." };
  if (key.endsWith(" /ws/command"))
    return { description, content: { "application/json": { schema: commandErrorSchema } } };
  const content = { schema: problemSchema };
  return { description, content: { "application/problem+json": content, "application/json": content } };
}
