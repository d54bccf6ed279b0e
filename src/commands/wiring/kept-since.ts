// Since when the files of finished jobs are kept for a time that nobody chose: a default that comes with an update must not
// remove at its first start what was kept for ever until then.
import { join } from "node:path";
import { readIfThere } from "../../base/config/secret-file.ts";
import { writeFileDurably } from "../../base/files.ts";

/** Milliseconds since the epoch, of the first start in this work directory that asked. */
export async function keptSince(workDir: string, nowMs: number): Promise<number> {
  const file = join(workDir, "db", "kept-since");
  const since = Date.parse((await readIfThere(file))?.trim() ?? "");
  if (!Number.isNaN(since)) return Math.min(since, nowMs);
  await writeFileDurably(file, `${new Date(nowMs).toISOString()}\n`, 0o600);
  return nowMs;
}
