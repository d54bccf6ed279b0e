// Stores tokens in files of mode 0600: one per work directory, and the user's own `tokens.json` by host:port, so that the
// same user's local commands need no --token. Never prints a token.
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { changeRecord, type RecordFile, readIfThere, readRecord, writeOwnerOnly } from "./secret-file.ts";

const TOKENS: RecordFile = { name: "tokens", holds: "tokens" };

/** 128 bits from the system's generator, as 32 hex digits. */
export function makeToken(): string {
  return randomBytes(16).toString("hex");
}

/** `token`: the server's own; `join-token`: the one of its join line. */
type SecretName = "token" | "join-token";

/** Null: the work directory has none. */
export async function readSecret(workDir: string, name: SecretName): Promise<string | null> {
  const secret = (await readIfThere(join(workDir, name)))?.trim();
  return secret ? secret : null;
}

export async function writeSecret(workDir: string, name: SecretName, secret: string): Promise<void> {
  await mkdir(workDir, { recursive: true });
  await writeOwnerOnly(join(workDir, name), `${secret}\n`);
}

/** The token kept for `address` (host:port, in any case of letters), or null. */
export async function rememberedToken(configDir: string, address: string): Promise<string | null> {
  return (await readRecord(configDir, TOKENS))[address.toLowerCase()] ?? null;
}

/** Stores `token` under each of `addresses`. */
export async function rememberToken(configDir: string, addresses: readonly string[], token: string): Promise<void> {
  const changes = Object.fromEntries(addresses.map((address) => [address.toLowerCase(), token]));
  await changeRecord(configDir, TOKENS, changes);
}
