// Finds the media that a test names, or makes it: shipped clips, the larger corpus where there is one, synthetic
// hard cases on demand. A row without its media is reported as skipped, never as passed.
import { test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exists } from "../../src/base/files.ts";

const REPOSITORY = resolve(import.meta.dir, "../..");
export const SHIPPED_MEDIA = join(REPOSITORY, "test/fixtures/media");
const GENERATOR = join(SHIPPED_MEDIA, "generate-hard-cases.sh");

/** Where a clip may lie, in this order: shipped with the tests, `FFCLUSTER_MEDIA_DIR`, `../shared/media` beside the checkout. */
export function mediaFolders(): readonly string[] {
  const corpus = process.env.FFCLUSTER_MEDIA_DIR || resolve(REPOSITORY, "../shared/media");
  return [SHIPPED_MEDIA, corpus];
}

/** The path of a real clip, or null when this machine does not have it. */
export function mediaPath(name: string): string | null {
  for (const folder of mediaFolders()) {
    const path = join(folder, name);
    if (existsSync(path)) return path;
  }
  return null;
}

/** A test that needs one real clip: runs with its path, or is reported as skipped with the clip's name. */
export function testWithMedia(
  name: string,
  title: string,
  body: (path: string) => Promise<void> | void,
  timeoutMs?: number,
): void {
  const path = mediaPath(name);
  if (path === null) test.skip(`${title} (no ${name} here: set FFCLUSTER_MEDIA_DIR)`, () => undefined);
  else test(title, () => body(path), timeoutMs);
}

/**
 * The path of one synthetic case of generate-hard-cases.sh, made on first use and kept in the temp folder under the
 * script's digest. Safe with several callers at once: each makes its own file and renames it into place.
 */
export async function hardCase(name: string): Promise<string> {
  const script = await readFile(GENERATOR);
  const digest = new Bun.CryptoHasher("sha256").update(script).digest("hex");
  const cache = join(tmpdir(), `ffcluster-hard-cases-${digest.slice(0, 12)}`);
  const cached = join(cache, name);
  if (await exists(cached)) return cached;
  await mkdir(cache, { recursive: true });
  const own = await mkdtemp(join(cache, ".making-"));
  try {
    const pattern = name.replace(/[[\]*?\\]/g, "\\$&");
    const made = Bun.spawn(["bash", GENERATOR, own, pattern], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    const [stderr, exitCode] = await Promise.all([made.stderr.text(), made.exited]);
    if (exitCode !== 0) throw new Error(`generate-hard-cases.sh failed for ${name} (exit ${exitCode}): ${stderr}`);
    if (!(await exists(join(own, name)))) throw new Error(`generate-hard-cases.sh knows no case ${name}`);
    await rename(join(own, name), cached);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return cached;
}
