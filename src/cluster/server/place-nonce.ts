// The file that tells a client whether it sees this server's disk.
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";

const NONCE_PREFIX = ".nonce-";

/** Writes a file with random content, and removes older ones. A client that can read it sees the server's disk. */
export async function placeNonce(folder: string): Promise<{ noncePath: string; nonce: string }> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(NONCE_PREFIX)) await rm(join(folder, name), { force: true });
  }
  const nonce = newId() + newId();
  const noncePath = join(folder, `${NONCE_PREFIX}${newId()}`);
  await writeFile(noncePath, nonce, { mode: 0o600 });
  return { noncePath, nonce };
}
