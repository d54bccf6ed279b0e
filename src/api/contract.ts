// The REST contract of /api/v1: the bodies of requests, and the answers that the server's facade declares
// (cluster/server/views.ts). Knows nothing of HTTP.
import { z } from "zod";
import { GIVEN_ROLES, ROLES } from "../cluster/protocol/roles.ts";
import { clientStatusSchema, errorBodySchema, jobStatusSchema, tokenSchema } from "../cluster/server/views.ts";
import { ENCODER_FAMILIES } from "../media/model/encoder-family.ts";
import { jobWebhookSchema } from "./webhooks/webhook-contract.ts";

export type {
  ClientDetailView,
  ClientView,
  CreatedTokenView,
  JobDetailView,
  JobView,
  SourceView,
  TokenView,
} from "../cluster/server/views.ts";
export type { Proof } from "../media/model/proof.ts";

export const API_PREFIX = "/api/v1";

export const errorDocumentSchema = z.object({ error: errorBodySchema });

/** The answer of every failure: that of RFC 9457, with our own error object inside. */
export const problemSchema = z.object({
  /** What the code means; a path on this server. */
  type: z.string(),
  /** The same for each failure of this code. */
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  error: errorBodySchema,
});

export const JOB_STATUSES = jobStatusSchema.options;

/** A job in one of these states does not change any more. */
export function isTerminal(status: z.infer<typeof jobStatusSchema>): boolean {
  return status === "Completed" || status === "Failed" || status === "Cancelled";
}

/** How other machines reach a server. */
export const outwardAddressSchema = z.object({
  /** As `--server` takes it. */
  server: z.string(),
  /** Of the certificate to pin; null: plain http, or one that needs no pin. */
  tls_fingerprint: z.string().nullable(),
  /** A certificate that can't be pinned: `--tls-ca` must name it. */
  needs_ca_file: z.boolean(),
});
export type OutwardAddress = z.infer<typeof outwardAddressSchema>;

/** All that the join line is made of. */
export const inviteSchema = outwardAddressSchema.extend({ join_token: z.string() });

/** Query of a page: https://www.rfc-editor.org/rfc/rfc8288 leads from one to the next. */
const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: "The most items of the answer; `Link` names the next page. Without it: all." }),
  cursor: z.string().max(2000).optional().meta({ description: "Of the `Link` of the page before." }),
  order: z.enum(["asc", "desc"]).default("asc").meta({ description: "desc: the last of the list first." }),
};

/** One or several of `options`, separated by commas, in any case of letters. */
function someOf<const T extends readonly string[]>(options: T, what: string) {
  return z
    .string()
    .transform((text, context): T[number][] =>
      text.split(",").flatMap((word) => {
        const known = options.find((option) => option.toLowerCase() === word.trim().toLowerCase());
        if (known !== undefined) return [known];
        const message = `${JSON.stringify(word)} is no ${what}; use one of ${options.join(", ")}`;
        context.addIssue({ code: "custom", message });
        return [];
      }),
    )
    .meta({ description: `One or several, separated by commas, of ${options.join(", ")}.`, example: options[0] });
}

export const jobListQuerySchema = z.object({
  status: someOf(jobStatusSchema.options, "job status").optional(),
  owner: z.string().max(200).optional().meta({ description: "Name of the token that it was submitted with." }),
  name: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "Part of its name or its output's, in any case of letters." }),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: "Made at this moment or later (ISO 8601, with its offset)." }),
  ...pageQuery,
});

export const clientListQuerySchema = z.object({
  status: someOf(clientStatusSchema.options, "client status").optional(),
  ...pageQuery,
});

export const tokenListQuerySchema = z.object({
  state: someOf(tokenSchema.shape.state.options, "state of a token").optional(),
  role: someOf(ROLES, "role").optional(),
  ...pageQuery,
});

export const attemptsQuerySchema = z.object(pageQuery);

export const webhooksQuerySchema = z.object(pageQuery);

export const frameQuerySchema = z.object({
  side: z.enum(["source", "output"]).default("output").meta({ description: "Whose picture." }),
});

export const eventsQuerySchema = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}$/, "give the seq of the last event you have")
    .default("0")
    .meta({ description: "The seq of the last event that the caller has." }),
  ...pageQuery,
});

const MOST_ENTRIES = 10_000;

export const auditQuerySchema = z.object({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,4}$/)
    .refine((text) => Number(text) <= MOST_ENTRIES, `give 1 to ${MOST_ENTRIES}`)
    .default("1000")
    .meta({ description: `How many of the newest, at most ${MOST_ENTRIES}; \`Link\` names the page before.` }),
  cursor: pageQuery.cursor,
});

/** Of the header `Idempotency-Key`. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,255}$/, "1 to 255 visible ASCII characters");

export const requestCheckedSchema = z.object({
  output_name: z.string(),
  /** ffprobe's name of the codec that the request makes. Absent in answers of earlier versions. */
  video_codec: z
    .string()
    .regex(/^[a-z0-9_]{1,40}$/)
    .exactOptional(),
});

export const FAMILY_CHOICES = ["auto", ...ENCODER_FAMILIES] as const;

const shortText = z.string().min(1).max(1000);
/** The name becomes a header, and the name of a file on other machines, which choose the folder themselves. */
const fileName = shortText.refine((name) => !/[\p{Cc}/]/u.test(name) && name.isWellFormed(), "not a file name");

export const requestCheckSchema = z.strictObject({
  ffmpeg_params: z.string().max(20_000).nullable(),
  output_name: fileName.nullable(),
  input_name: shortText,
  has_subtitles: z.boolean().default(false),
});
export type RequestCheck = z.input<typeof requestCheckSchema>;

export const previewSchema = z.strictObject({ ffmpeg_params: z.string().max(20_000).nullable().default(null) });

export const uploadSchema = z.strictObject({
  name: shortText,
  bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** The sender's own name for this state of the file: an unfinished upload of the same key is continued. */
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

/** 50 is the ordinary one. */
const priority = z.number().int().min(0).max(100);

export const moveJobSchema = z
  .strictObject({
    to: z.enum(["first", "last"]).nullable().default(null),
    /** Another job of the same owner, which it goes before. */
    before: shortText.nullable().default(null),
    priority: priority.nullable().default(null),
  })
  .refine(({ to, before, priority }) => to !== null || before !== null || priority !== null, {
    error: "none of to, before and priority is given",
  })
  .refine(({ to, before }) => to === null || before === null, "to and before exclude each other");
export type MoveJob = z.input<typeof moveJobSchema>;

/** `s3://bucket/key`, `s3+STORE://bucket/key` or `https://…`. */
const address = z.string().min(1).max(4000);

/** What a job is asked with, field by field. */
export const jobFieldsSchema = z.strictObject({
  /** Of a source that was handed in; null: source_url names it. */
  source_id: shortText.nullable().default(null),
  /** A source in one of the server's stores, or on a web host. */
  source_url: address.nullable().default(null),
  /** Where the output goes once its proof holds; its last part names the output where output_name does not. */
  output_url: address.nullable().default(null),
  /** An object that is already there may be replaced. */
  overwrite: z.boolean().nullable().default(null),
  /** The server copies a source that can't be read in ranges, or that no strong ETag marks. */
  copy_source: z.boolean().nullable().default(null),
  /** A subtitle file, uploaded as a source too, that is drawn into the picture. */
  subtitles_source_id: shortText.nullable().default(null),
  ffmpeg_params: z.string().max(20_000).nullable().default(null),
  output_name: fileName.nullable().default(null),
  required_clients: z.number().int().min(1).max(10_000).nullable().default(null),
  family: z.enum(FAMILY_CHOICES).nullable().default(null),
  allow_mixed: z.boolean().nullable().default(null),
  /** Seconds that a job waits when no client of its family is left; "ever": it never changes to another family. */
  wait_for_family: z
    .union([z.number().min(0).max(31_536_000), z.literal("ever")])
    .nullable()
    .default(null),
  name: shortText.nullable().default(null),
  verify: z.enum(["fast", "full"]).nullable().default(null),
  priority: priority.nullable().default(null),
  /** Who is told of the job, beside the webhooks of the server. */
  webhook: jobWebhookSchema.nullable().default(null),
});

export const createJobSchema = jobFieldsSchema.refine(
  ({ source_id, source_url }) => (source_id === null) !== (source_url === null),
  "give source_id or source_url",
);
export type CreateJob = z.input<typeof createJobSchema>;

export const TOKEN_ROLES = GIVEN_ROLES;

export const newTokenSchema = z.strictObject({
  /** A shell and a path take it as it is. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dots, dashes; at most 64"),
  role: z.enum(TOKEN_ROLES),
  expires_in_seconds: z
    .number()
    .int()
    .min(1)
    .max(3_650 * 86_400)
    .nullable()
    .default(null),
});
export type NewToken = z.input<typeof newTokenSchema>;

export const enrolSchema = z.strictObject({
  client_id: z.uuid(),
  name: z.string().max(200),
  /** Of the same machine always the same, and known to it alone. */
  proof: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .default(null),
});
