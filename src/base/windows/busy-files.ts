// Windows refuses to rename, replace or remove a file that another program has open: for a moment a virus scanner, an indexer
// or a backup, which open what was just written; for longer a player. The first are waited for.
import { rename } from "node:fs/promises";
import { errnoOf } from "../errors.ts";

const PAUSE_MS = 250;
/** Five seconds: people who do have it open are told soon. */
const MOST_TRIES = 20;
const REFUSALS: ReadonlySet<string> = new Set(["EPERM", "EACCES", "EBUSY"]);

const isRefusal = (thrown: unknown, platform: NodeJS.Platform) =>
  platform === "win32" && REFUSALS.has(errnoOf(thrown) ?? "");

/** What such a refusal may mean, to follow a message; empty where it is another failure. */
export function openElsewhere(thrown: unknown, platform: NodeJS.Platform = process.platform): string {
  return isRefusal(thrown, platform) ? "; another program may have it open" : "";
}

/** Tries again what Windows refuses for such a file; elsewhere `step` is done once. */
export async function whenFree<T>(step: () => Promise<T>, platform: NodeJS.Platform = process.platform): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await step();
    } catch (thrown) {
      if (!isRefusal(thrown, platform) || tries >= MOST_TRIES) throw thrown;
      await Bun.sleep(PAUSE_MS);
    }
  }
}

/** A file or folder gets another name on the same disk, which it takes from a file that has it. */
export async function renameWhenFree(from: string, to: string): Promise<void> {
  await whenFree(() => rename(from, to));
}
