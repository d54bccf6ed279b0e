// The file of `serve --stores`: which object stores and hosts this server may read from and write to, and with which keys.
import { readFile, stat } from "node:fs/promises";
import { z } from "zod";
import { AppError, errnoOf } from "../../../base/errors.ts";

const word = z.string().min(1).max(1000);
/** `bucket` or `bucket/beginning/of/keys`; `*`: every bucket. */
const place = z.string().min(1).max(1200);

const s3StoreSchema = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }),
  region: word.default("us-east-1"),
  /** `https://host/bucket/key`; false: `https://bucket.host/key`. */
  path_style: z.boolean().default(true),
  /** Absent: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the server's environment. */
  access_key_id: word.optional(),
  secret_access_key: word.optional(),
  session_token: word.optional(),
  ca_file: word.optional(),
  /** What jobs may read, and where they may write; none by default. */
  sources: z.array(place).max(1000).default([]),
  outputs: z.array(place).max(1000).default([]),
});

const hostSchema = z.strictObject({
  /** It has an address of the server's own network. */
  private: z.boolean().default(false),
  /** Plain http, where whoever is on the way reads and changes everything. */
  http: z.boolean().default(false),
  ca_file: word.optional(),
  /** Outputs may be put there. */
  outputs: z.boolean().default(false),
});

export const storesFileSchema = z.strictObject({
  s3: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), s3StoreSchema).default({}),
  /** By name, or by name and port where that is not the usual one. */
  hosts: z.record(z.string().min(1).max(300), hostSchema).default({}),
  /** https sources from any host of the internet. */
  public_sources: z.boolean().default(true),
  /** A source that can't be read in ranges, or that nothing marks as unchanged, is copied first; false: only when asked. */
  copy_sources: z.boolean().default(false),
  /** The most of remote sources that is kept on this disk. */
  cache_bytes: z
    .number()
    .int()
    .min(16 * 1024 ** 2)
    .default(4 * 1024 ** 3),
});
export type StoresFile = z.infer<typeof storesFileSchema>;
export type S3StoreConfig = z.infer<typeof s3StoreSchema>;
export type HostConfig = z.infer<typeof hostSchema>;

export const NO_STORES: StoresFile = storesFileSchema.parse({});

function refuse(path: string, what: string): AppError {
  return new AppError("E_BAD_OPTION", `--stores ${path}: ${what}`, "docs/guides/stores.md shows such a file.");
}

/** Errors: E_BAD_OPTION. */
export async function readStoresFile(path: string): Promise<StoresFile> {
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw refuse(path, `it can't be read (${errnoOf(thrown) ?? String(thrown)})`);
  });
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw refuse(path, "it is no JSON"); // what the parser says may quote a secret
  }
  const parsed = storesFileSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refuse(path, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it is malformed"}`);
}

/** Whether other users of this machine may read its keys. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  return process.platform !== "win32" && ((await stat(path)).mode & 0o077) !== 0;
}
