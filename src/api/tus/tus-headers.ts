// The headers of the tus protocol, version 1.0 (https://tus.io/protocols/resumable-upload), read and written. All that
// comes is hostile until it is parsed here. Knows no route.
import { z } from "zod";
import { AppError } from "../../base/errors.ts";

export const TUS_VERSION = "1.0.0";
export const TUS_PIECE = "application/offset+octet-stream";
export const TUS_EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration";
/** Names of `Upload-Checksum`, and how long each digest is. */
const ALGORITHMS: Readonly<Record<string, number>> = { sha1: 20, sha256: 32 };
export const TUS_ALGORITHMS = Object.keys(ALGORITHMS).join(",");

const MOST_METADATA = 4096;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const KEY = /^[\x21-\x2b\x2d-\x7e]{1,100}$/;

const count = z
  .string()
  .regex(/^\d{1,15}$/, "give a number of bytes")
  .transform(Number);

const metadata = z
  .string()
  .max(MOST_METADATA)
  .refine((text) => readMetadata(text) !== null, "give KEY BASE64, separated by commas")
  .default("");

/** Of a request that begins an upload. Its length must be known, and it is one file. */
export const creationHeaders = z.object({
  "upload-length": count.meta({ description: "Bytes of the whole." }),
  "upload-metadata": metadata.meta({
    description: "`filename`, and if the sender knows it `sha256` of the whole in hexadecimal digits, each in base64.",
  }),
  "upload-defer-length": z.never("the length must be known from the start").optional(),
  "upload-concat": z.never("parts are not joined; send one upload").optional(),
});

export const appendHeaders = z.object({
  "upload-offset": count.meta({ description: "Where the piece begins." }),
});

const checksumHeader = z
  .string()
  .regex(/^[a-z0-9-]{1,20} [A-Za-z0-9+/=]{1,200}$/, "give ALGORITHM BASE64")
  .transform((text, context) => {
    const [algorithm = "", encoded = ""] = text.split(" ");
    const digest = BASE64.test(encoded) ? Buffer.from(encoded, "base64") : null;
    if (digest !== null && digest.length === ALGORITHMS[algorithm]) return { algorithm, digest };
    context.addIssue({ code: "custom", message: `give a digest by one of ${TUS_ALGORITHMS}, in base64` });
    return z.NEVER;
  });

export const checksumHeaders = z.object({ "upload-checksum": checksumHeader.optional() });
export type Checksum = z.infer<typeof checksumHeader>;

/** Values by key; null: it has not the form. */
function readMetadata(text: string): ReadonlyMap<string, Uint8Array> | null {
  const found = new Map<string, Uint8Array>();
  for (const pair of text === "" ? [] : text.split(",")) {
    const [key = "", value = "", ...more] = pair.trim().split(" ");
    if (!KEY.test(key) || !BASE64.test(value) || more.length > 0 || found.has(key)) return null;
    found.set(key, Buffer.from(value, "base64"));
  }
  return found;
}

const UNNAMED = "upload";

/** What we need of `Upload-Metadata`. Errors: E_MALFORMED. */
export function wantedOf(text: string): { readonly name: string; readonly sha256: string | null } {
  const values = readMetadata(text);
  const name = textOf(values?.get("filename") ?? values?.get("name"), "file name") ?? UNNAMED;
  const sha256 = textOf(values?.get("sha256"), "sha256")?.toLowerCase() ?? null;
  if (sha256 === null || /^[0-9a-f]{64}$/.test(sha256)) return { name: name.slice(-1000), sha256 };
  throw malformed("sha256");
}

function textOf(value: Uint8Array | undefined, what: string): string | null {
  if (value === undefined || value.length === 0) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch (cause) {
    throw malformed(what, cause);
  }
}

function malformed(what: string, cause?: unknown): AppError {
  const message = `the ${what} in Upload-Metadata is none`;
  return new AppError("E_MALFORMED", message, "Send it as UTF-8 text in base64.", { cause });
}
