// Stores tokens in files of mode 0600: one per work directory, and the user's own `tokens.json` by host:port, so that the
// same user's local commands need no --token. Never prints a token.
import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { delay } from "../clock.ts";
import { AppError, errnoOf } from "../errors.ts";
import { writeFileDurably } from "../files.ts";

const OWNER_ONLY = 0o600;
const LOCK_TRIES = 100;
const LOCK_WAIT_MS = 30;
/** The lock is held for milliseconds; one this old belongs to a process that died. */
const LOCK_STALE_MS = 5000;

const tokensSchema = z.record(z.string(), z.string());

/** 128 bits from the system's generator, as 32 hex digits. */
export function makeToken(): string {
  return randomBytes(16).toString("hex");
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT" || errnoOf(thrown) === "ENOTDIR") return null;
    throw thrown;
  }
}

async function writeOwnerOnly(path: string, content: string): Promise<void> {
  await writeFileDurably(path, content, OWNER_ONLY);
  await chmod(path, OWNER_ONLY); // neither the umask nor an older file may widen it
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

async function readTokens(configDir: string): Promise<Record<string, string>> {
  const path = join(configDir, "tokens.json");
  const text = await readIfThere(path);
  if (text === null) return {};
  try {
    return tokensSchema.parse(JSON.parse(text));
  } catch (cause) {
    const hint = "Remove the file; servers write a new one when they start.";
    throw new AppError("E_BAD_OPTION", `${path} is not a list of tokens`, hint, { cause });
  }
}

/** The token kept for `address` (host:port, lower case), or null. */
export async function rememberedToken(configDir: string, address: string): Promise<string | null> {
  return (await readTokens(configDir))[address.toLowerCase()] ?? null;
}

async function withLock<T>(lockPath: string, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      await (await open(lockPath, "wx", OWNER_ONLY)).close();
      break;
    } catch (thrown) {
      if (errnoOf(thrown) !== "EEXIST" || attempt >= LOCK_TRIES) throw thrown;
      await removeStaleLock(lockPath);
      await delay(LOCK_WAIT_MS);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lockPath, { force: true });
  }
}

async function removeStaleLock(lockPath: string): Promise<void> {
  try {
    if (Date.now() - (await stat(lockPath)).mtimeMs > LOCK_STALE_MS) await rm(lockPath, { force: true });
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown; // its holder has just released it
  }
}

/** Stores `token` under each of `addresses`. Several servers may start at once, so a lock file keeps them apart. */
export async function rememberToken(configDir: string, addresses: readonly string[], token: string): Promise<void> {
  await mkdir(configDir, { recursive: true, mode: 0o700 });
  await withLock(join(configDir, "tokens.lock"), async () => {
    const tokens = await readTokens(configDir);
    for (const address of addresses) tokens[address.toLowerCase()] = token;
    await writeOwnerOnly(join(configDir, "tokens.json"), `${JSON.stringify(tokens, null, 2)}\n`);
  });
}
