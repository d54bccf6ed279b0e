// Streams a body into a temporary file and hashes it. Does not know what the bytes mean; the caller checks the digest
// and lands the file (rename, sync).
import { open, rm } from "node:fs/promises";
import { AppError, errnoOf } from "../../base/errors.ts";
import { writeAll } from "../../base/write-all.ts";
import { DEFAULT_STALL_MS, watchStall } from "./watch-stall.ts";

export interface ReceiveOptions {
  /** The declared size; more or less is refused. Absent: any size. */
  readonly expectedBytes?: number;
  readonly signal?: AbortSignal;
  readonly stallMs?: number;
}

export interface Received {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Streams a body to `tempPath` (created or emptied) and hashes it. Memory use is constant, and the event loop stays
 * free (Bun.write of a body starves it). Any failure removes the file.
 * Errors: E_DIGEST for a wrong size, E_NO_SPACE, E_UNREACHABLE when nothing comes for `stallMs`. The sender's failure
 * and the abort reason are thrown as they are.
 */
export async function receiveToFile(
  body: ReadableStream<Uint8Array>,
  tempPath: string,
  options: ReceiveOptions = {},
): Promise<Received> {
  const stallMs = options.stallMs ?? DEFAULT_STALL_MS;
  const hasher = new Bun.CryptoHasher("sha256");
  const reader = body.getReader();
  const guard = watchStall(stallMs, options.signal, (reason) => {
    // A body that is already broken rejects the cancel too, which adds nothing.
    reader.cancel(reason).catch(() => undefined);
  });
  let bytes = 0;
  try {
    const file = await open(tempPath, "w");
    try {
      for (;;) {
        const step = await guard.race(reader.read());
        if (step.done) break;
        bytes += step.value.length;
        if (options.expectedBytes !== undefined && bytes > options.expectedBytes) throw wrongSize(bytes, options);
        hasher.update(step.value);
        await writeAll(file, step.value, null);
        guard.moved();
      }
    } finally {
      await file.close();
    }
    if (options.expectedBytes !== undefined && bytes !== options.expectedBytes) throw wrongSize(bytes, options);
    return { bytes, sha256: hasher.digest("hex") };
  } catch (thrown) {
    reader.cancel(thrown).catch(() => undefined);
    await rm(tempPath, { force: true });
    if (errnoOf(thrown) === "ENOSPC") {
      throw new AppError("E_NO_SPACE", `no space left while writing ${tempPath}`, "Free space on that disk.", {
        cause: thrown,
      });
    }
    throw thrown;
  } finally {
    guard.end();
  }
}

function wrongSize(bytes: number, options: ReceiveOptions): AppError {
  return new AppError(
    "E_DIGEST",
    `${bytes} bytes came, ${options.expectedBytes} were announced`,
    "The transfer was cut or the file changed meanwhile; send it again.",
    { retry: true },
  );
}
