// Copies a whole remote source to this disk: for hosts that serve no ranges, or do not mark what they serve.
import { open, rm } from "node:fs/promises";
import { AppError } from "../../../base/errors.ts";
import { freeBytes } from "../../../base/files.ts";
import { writeAll } from "../../../base/write-all.ts";
import { callPlace } from "./call-place.ts";
import type { RemotePlace } from "./places.ts";
import type { Reaching } from "./remote-object.ts";

/** What stays free for the work itself. */
const LEAST_FREE_BYTES = 256 * 1024 ** 2;

async function requireRoomFor(answer: Response, place: RemotePlace, path: string): Promise<number> {
  const bytes = Number(answer.headers.get("content-length") ?? Number.NaN);
  if (!Number.isSafeInteger(bytes))
    throw new AppError(
      "E_SOURCE_REFUSED",
      `${place.shown} does not say how long it is`,
      "Download it, then submit the file.",
    );
  if (bytes === 0) throw new AppError("E_SOURCE_EMPTY", `${place.shown} is empty`, "Check it: it has no bytes.");
  if (bytes + LEAST_FREE_BYTES <= (await freeBytes(path))) return bytes;
  const hint = "Free some space there, or put the source where it can be read in ranges.";
  throw new AppError(
    "E_NO_SPACE",
    `the server's work directory has no room for ${bytes} bytes of ${place.shown}`,
    hint,
  );
}

/** Errors: E_SOURCE_REFUSED, E_SOURCE_EMPTY, E_NO_SPACE, and those of callPlace. Leaves no file then. */
export async function copySource(reach: Reaching, place: RemotePlace, folder: string, path: string): Promise<void> {
  try {
    await callPlace(reach, place, { method: "GET" }, async (answer, moved) => {
      if (answer.status !== 200) {
        await answer.body?.cancel();
        const hint = "Check the address; one that was signed beforehand may have expired.";
        throw new AppError("E_SOURCE_REFUSED", `${place.shown} may not be read (${answer.status})`, hint);
      }
      const bytes = await requireRoomFor(answer, place, folder).catch(async (thrown) => {
        await answer.body?.cancel();
        throw thrown;
      });
      await writeBody(answer, path, bytes, moved);
    });
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  }
}

async function writeBody(answer: Response, path: string, bytes: number, moved: () => void): Promise<void> {
  const file = await open(path, "w");
  try {
    let at = 0;
    for await (const chunk of answer.body ?? []) {
      moved();
      if (at + chunk.length > bytes) throw new Error("it sent more than it announced");
      await writeAll(file, chunk, at);
      at += chunk.length;
    }
    if (at < bytes) throw new Error("the connection broke");
    await file.sync();
  } finally {
    await file.close();
  }
}
