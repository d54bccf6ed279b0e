// Bulk bytes in and out with a digest: a body into a temp file while hashing, a file into a PUT.
// Knows nothing of what the bytes mean; landing (rename, sync) is the caller's, once size and digest are right.
import { open, rm } from "node:fs/promises";
import { AppError, errnoOf } from "../../base/errors.ts";

/** No byte for this long ends a transfer; above any pause of a healthy network, below a person's patience. */
export const DEFAULT_STALL_MS = 60_000;
/** How long the receiver may think after the last byte: it syncs and checks what it got. */
const ANSWER_MS = 180_000;

export interface ReceiveOptions {
  /** The declared size; more or less is refused. Not given: whatever comes. */
  readonly expectedBytes?: number;
  readonly signal?: AbortSignal;
  readonly stallMs?: number;
  /** Called for every chunk that is on the disk. */
  readonly onBytes?: () => void;
}

export interface Received {
  readonly bytes: number;
  readonly sha256: string;
}

function stalled(stallMs: number): AppError {
  return new AppError("E_UNREACHABLE", `no byte moved for ${stallMs} ms`, "Check the network, then try again.", {
    retry: true,
  });
}

/**
 * Streams a body to `tempPath` (created or emptied), hashing as it goes; memory stays flat and the event loop free
 * (a body handed to Bun.write starves it). The file is removed again on any failure.
 * Errors: E_DIGEST for a wrong size, E_NO_SPACE, E_UNREACHABLE when nothing comes for `stallMs`; the sender's own
 * failure and the abort reason are thrown as they are.
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
    // The reader is told too; a body that is broken already has nothing more to say.
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
        await writeAll(file, step.value);
        guard.moved();
        options.onBytes?.();
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

async function writeAll(file: { write(data: Uint8Array): Promise<{ bytesWritten: number }> }, data: Uint8Array) {
  for (let offset = 0; offset < data.length; ) {
    offset += (await file.write(offset === 0 ? data : data.subarray(offset))).bytesWritten;
  }
}

interface StallGuard {
  /** Bytes moved: the clock starts again. */
  moved(): void;
  /** The promise, or the stall or abort that comes first. */
  race<T>(promise: Promise<T>): Promise<T>;
  end(): void;
}

function watchStall(stallMs: number, signal: AbortSignal | undefined, onStop: (reason: unknown) => void): StallGuard {
  let stopped: { readonly reason: unknown } | null = null;
  let rejectCurrent: ((reason: unknown) => void) | null = null;
  const stop = (reason: unknown) => {
    stopped ??= { reason };
    rejectCurrent?.(reason);
    onStop(reason);
  };
  let timer = setTimeout(() => stop(stalled(stallMs)), stallMs);
  const onAbort = () => stop(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    moved() {
      clearTimeout(timer);
      timer = setTimeout(() => stop(stalled(stallMs)), stallMs);
    },
    // A promise of its own each time: Promise.race with one that lives as long as the transfer would keep every chunk.
    race: (promise) =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(stopped.reason);
        rejectCurrent = reject;
        promise.then(resolve, reject);
      }),
    end() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

export interface UploadOptions {
  readonly token: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly stallMs?: number;
  /** TLS settings for fetch, e.g. an own CA. */
  readonly tls?: { readonly ca?: string };
  /** Called with the bytes handed to the network so far. */
  readonly onProgress?: (sentBytes: number) => void;
}

/**
 * PUTs a file with its exact Content-Length and gives the answer, whatever its status. Streams: a whole
 * `Bun.file` as body would sit in memory under TLS.
 * Errors: E_UNREACHABLE (retry) when the server cannot be reached, breaks off or stalls; the abort reason as it is.
 */
export async function uploadFile(url: string, path: string, options: UploadOptions): Promise<Response> {
  const stallMs = options.stallMs ?? DEFAULT_STALL_MS;
  const file = Bun.file(path);
  const size = (await file.stat()).size;
  const stall = new AbortController();
  let deadline = setTimeout(() => stall.abort(stalled(stallMs)), stallMs);
  const extend = (ms: number) => {
    clearTimeout(deadline);
    deadline = setTimeout(() => stall.abort(stalled(ms)), ms);
  };
  async function* body() {
    let sent = 0;
    for await (const chunk of file.stream()) {
      yield chunk;
      sent += chunk.length;
      extend(stallMs);
      options.onProgress?.(sent);
    }
    extend(ANSWER_MS);
  }
  try {
    return await fetch(url, {
      method: "PUT",
      body: body(),
      headers: {
        ...options.headers,
        authorization: `Bearer ${options.token}`,
        "content-length": String(size),
        "content-type": "application/octet-stream",
      },
      signal: options.signal ? AbortSignal.any([options.signal, stall.signal]) : stall.signal,
      redirect: "error",
      timeout: false,
      ...(options.tls ? { tls: options.tls } : {}),
    });
  } catch (thrown) {
    if (options.signal?.aborted) throw options.signal.reason;
    if (stall.signal.aborted) throw stall.signal.reason;
    if (errnoOf(thrown) === "ENOENT") throw thrown;
    throw new AppError(
      "E_UNREACHABLE",
      `the upload to ${new URL(url).host} broke off: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      "Check that the server runs and can be reached.",
      { cause: thrown, retry: true },
    );
  } finally {
    clearTimeout(deadline);
  }
}
