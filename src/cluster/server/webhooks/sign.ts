// Signatures as Standard Webhooks 1.0.0 has them (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body.
import { createHmac, randomBytes } from "node:crypto";

const PREFIX = "whsec_";
const SECRET_BYTES = 32;
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

export function makeSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString("base64");
}

/** The bytes of a secret; null: it is none. */
export function secretBytes(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null;
  const text = secret.slice(PREFIX.length);
  const bytes = Buffer.from(text, "base64");
  const isWhole = bytes.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "");
  return isWhole && bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES ? bytes : null;
}

/** The headers of one try. `id` holds no dot; `atMs`: wall time of the try. */
export function signedHeaders(id: string, atMs: number, body: string, secret: string | null): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const headers = { "webhook-id": id, "webhook-timestamp": timestamp };
  const key = secret === null ? null : secretBytes(secret);
  if (key === null) return headers;
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}
