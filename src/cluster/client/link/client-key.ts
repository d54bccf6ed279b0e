// The client's own key to a server: got once in exchange for the token that the user gave, and kept in the client's identity
// folder for the user alone; and the secret by which this machine gets another one.
import { createHmac, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type AppError, errnoOf } from "../../../base/errors.ts";
import { writeFileDurably } from "../../../base/files.ts";
import { fingerprintOf } from "../../../base/tls/trust.ts";
import { callRemote, parseJson, type Remote, refusalIn } from "./remote.ts";

const EXCHANGE_WITHIN_MS = 10_000;
const OWNER_ONLY = 0o600;
const SECRET = /^[0-9a-f]{64}$/;
/** The role, and an id that has a key: trying again does not help. */
const REFUSED = [403, 409];

const keysSchema = z.record(z.string(), z.string());
const enrolledSchema = z.object({ key: z.string().min(16).max(200).nullable() });

export interface ClientKey {
  /** What the server is shown now: the key, or what the user gave until there is one. */
  readonly token: string;
  /**
   * Gets a key where there is none. What is no answer of a server is no error: the link finds out why.
   * Errors: the server's refusal.
   */
  ensure(signal: AbortSignal): Promise<void>;
  /** The server does not know the key: forgets it, so that what the user gave is shown again. False: there is no key. */
  forget(): Promise<boolean>;
}

export interface ClientKeyOptions {
  readonly remote: Remote;
  /** The client's identity folder. */
  readonly folder: string;
  readonly clientId: string;
  /** By which people know this client. */
  readonly name: string;
}

/** `remote.token`: what the user gave, "" for nothing. */
export async function openClientKey({ remote, folder, clientId, name }: ClientKeyOptions): Promise<ClientKey> {
  const path = join(folder, "keys.json");
  const places = placesOf(remote);
  const keys = await readKeys(path);
  let isOwn = false;
  const own = () => places.map((place) => keys[place]).find((key) => key !== undefined);
  const keep = async (key: string | undefined) => {
    for (const place of places) {
      if (key === undefined) delete keys[place];
      else keys[place] = key;
    }
    await writeFileDurably(path, `${JSON.stringify(keys, null, 2)}\n`, OWNER_ONLY);
  };
  return {
    get token() {
      return own() ?? remote.token;
    },
    async ensure(signal) {
      const known = own();
      if (known !== undefined && places.some((place) => keys[place] === undefined)) await keep(known);
      if (known !== undefined || isOwn || remote.token === "") return;
      const proof = await proofOf(folder, remote);
      const answer = await exchange(remote, { client_id: clientId, name, proof }, signal);
      if (answer === null) return;
      if (answer.key === null) isOwn = true;
      else await keep(answer.key);
    },
    async forget() {
      if (own() === undefined) return false;
      await keep(undefined);
      return remote.token !== "";
    },
  };
}

/** What a key is kept by: the address, and a pinned certificate, so that a server which moves is still the same. */
function placesOf({ serverUrl, tls }: Remote): string[] {
  const { host } = new URL(serverUrl);
  return tls?.serverName === undefined ? [host] : [host, `sha256:${fingerprintOf(tls.ca)}`];
}

/**
 * Says to a server that this machine is the one that got a key before, under another address or before the key was lost. It
 * follows from a secret and from the certificate, so that what one server hears is worth nothing at another.
 */
async function proofOf(folder: string, { tls }: Remote): Promise<string> {
  const path = join(folder, "machine-secret");
  let secret = await readIfThere(path);
  if (!SECRET.test(secret)) {
    secret = randomBytes(32).toString("hex");
    await writeFileDurably(path, secret, OWNER_ONLY);
  }
  return createHmac("sha256", secret)
    .update(tls?.ca ?? "")
    .digest("hex");
}

function readIfThere(path: string): Promise<string> {
  return readFile(path, "utf8").catch((thrown: unknown) => {
    if (errnoOf(thrown) === "ENOENT") return "";
    throw thrown;
  });
}

/** A file that cannot be read as keys counts as none: a key is easily got again. */
async function readKeys(path: string): Promise<Record<string, string>> {
  const parsed = keysSchema.safeParse(parseJson(await readIfThere(path)));
  return parsed.success ? parsed.data : {};
}

/** Null: no server of this protocol answered. Errors: its refusal. */
async function exchange(remote: Remote, wanted: object, signal: AbortSignal): Promise<{ key: string | null } | null> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(EXCHANGE_WITHIN_MS)]);
  const body = new TextEncoder().encode(JSON.stringify(wanted));
  const answer = await callRemote(remote, "/api/v1/enrol", { method: "POST", body, signal: within })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch(() => null);
  if (answer === null) return null;
  if (answer.status === 201) return enrolledSchema.safeParse(parseJson(answer.text)).data ?? null;
  const refusal: AppError | null = REFUSED.includes(answer.status) ? refusalIn(answer.text) : null;
  if (refusal !== null) throw refusal;
  return null;
}
