// One request for the rest of a file: asks for what is missing, checks what the answer says of itself, and appends the
// bytes. Knows nothing of retries or digests.
import { type FileHandle, open } from "node:fs/promises";
import { AppError } from "../base/errors.ts";
import { freeBytes } from "../base/files.ts";
import { writeAll } from "../base/write-all.ts";
import { MOST_ARCHIVE_BYTES } from "./lock.ts";
import { mayFollow, shownUrl } from "./urls.ts";

/** After this long without a byte the connection is dead, whatever the socket says. */
export const STALL_MS = 30_000;
const MOST_REDIRECTS = 5;

export interface WantedRest {
  readonly url: string;
  readonly partPath: string;
  /** Bytes that are there already. */
  readonly have: number;
  /** Of the whole file; null: not known. */
  readonly bytes: number | null;
  /** What `url` called its file when the first bytes came (ETag or Last-Modified). */
  readonly validator: string | null;
  readonly hint: string;
  readonly stallMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called before the first byte is written. */
  onBegin(validator: string | null): Promise<void>;
  onBytes(have: number, total: number | null): void;
}

/** The link broke or the host is busy: the same request may work later. */
export class BrokenOff extends Error {
  /** What is there already does not go with the answer: the download must begin anew. */
  readonly isUseless: boolean;

  constructor(message: string, options: { cause?: unknown; isUseless?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.isUseless = options.isUseless ?? false;
  }
}

/** Follows redirects by hand, so that none leads from https to http. */
async function request(wanted: WantedRest, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  let url = new URL(wanted.url);
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url.href, {
      headers,
      signal,
      redirect: "manual",
      timeout: false, // ours is the stall below
      decompress: false, // the digest is that of the bytes as they are sent
    } as BunFetchRequestInit);
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
    if (redirects >= MOST_REDIRECTS || next === null || !mayFollow(url, next)) {
      const where = next === null ? "nowhere" : shownUrl(next.href);
      throw new AppError(
        "E_DOWNLOAD",
        `${shownUrl(wanted.url)} redirects to ${where}, which is not followed`,
        wanted.hint,
      );
    }
    url = next;
  }
}

interface Announced {
  /** Where the body begins. */
  readonly start: number;
  /** Size of the whole file; null: not said. */
  readonly total: number | null;
}

const numberOrNull = (text: string | null | undefined) => (/^\d{1,15}$/.test(text ?? "") ? Number(text) : null);

/** There is nothing left to send: the whole file is here, but its size was not known. */
function hasWhole({ status, headers }: Response, { have }: WantedRest): boolean {
  return status === 416 && headers.get("content-range") === `bytes */${have}`;
}

/** Errors: BrokenOff, E_DOWNLOAD. */
function readHead(response: Response, wanted: WantedRest): Announced {
  const { status, headers } = response;
  if (status === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
    if (wanted.have === 0 || Number(start) !== wanted.have)
      throw new BrokenOff("it answers another range", { isUseless: true });
    return { start: wanted.have, total: numberOrNull(total) };
  }
  if (status === 200) return { start: 0, total: numberOrNull(headers.get("content-length")) };
  if (status === 416) throw new BrokenOff("it has less than is here", { isUseless: true });
  const words = `${shownUrl(wanted.url)} answers ${status}`;
  if (status === 408 || status === 429 || status >= 500) throw new BrokenOff(words);
  throw new AppError("E_DOWNLOAD", words, wanted.hint);
}

/** Errors: E_DIGEST for a file that cannot be the pinned one, E_DOWNLOAD for a page, E_NO_SPACE. */
async function checkHead(response: Response, { total }: Announced, wanted: WantedRest): Promise<void> {
  const from = shownUrl(wanted.url);
  if (/^text\/html\b/i.test(response.headers.get("content-type") ?? ""))
    throw new AppError("E_DOWNLOAD", `${from} answers with a web page`, wanted.hint);
  if (total === null) return;
  const most = wanted.bytes ?? MOST_ARCHIVE_BYTES;
  if (total > most || (wanted.bytes !== null && total !== wanted.bytes)) {
    const words = wanted.bytes === null ? `more than ${most}` : `not ${most}`;
    throw new AppError(
      "E_DIGEST",
      `${from} has ${total} bytes, ${words}: it is not the file that is pinned`,
      wanted.hint,
    );
  }
  const missing = total - wanted.have;
  if (missing > (await freeBytes(wanted.partPath.replace(/[^/\\]+$/, "")))) {
    const hint = `Free ${Math.ceil(missing / 1e6)} MB for it, and as much again to unpack it; then run this again.`;
    throw new AppError("E_NO_SPACE", `no space for ${wanted.partPath}`, hint);
  }
}

async function append(
  file: FileHandle,
  response: Response,
  announced: Announced,
  wanted: WantedRest,
  moved: () => void,
) {
  const { start, total } = announced;
  const most = total ?? wanted.bytes ?? MOST_ARCHIVE_BYTES;
  await file.truncate(start);
  let have = start;
  wanted.onBytes(have, total);
  for await (const chunk of response.body ?? []) {
    moved();
    if (have + chunk.length > most) {
      const words = `${shownUrl(wanted.url)} sends more than ${most} bytes: it is not the file that is pinned`;
      throw new AppError("E_DIGEST", words, wanted.hint);
    }
    await writeAll(file, chunk, have);
    have += chunk.length;
    wanted.onBytes(have, total);
  }
  if (have < (total ?? wanted.bytes ?? have)) throw new BrokenOff("the download broke off");
}

/** A link that failed, by what fetch and the streams of Bun throw; an error of our own disk has another code. */
function isLinkFailure(thrown: unknown): boolean {
  if (thrown instanceof AppError || typeof thrown !== "object" || thrown === null || !("code" in thrown)) return false;
  return /ECONNRESET|Connection|EPIPE|ERR_|ETIMEDOUT|UNEXPECTED_EOF|FailedToOpenSocket|ECONNREFUSED|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH/i.test(
    String(thrown.code),
  );
}

/**
 * Errors: BrokenOff; E_DOWNLOAD when the host has no such file, E_DIGEST when it has another one, E_NO_SPACE; those
 * of the disk; the reason of `signal`.
 */
export async function fetchRest(wanted: WantedRest): Promise<void> {
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (wanted.have > 0) headers.range = `bytes=${wanted.have}-`;
  if (wanted.have > 0 && wanted.validator !== null) headers["if-range"] = wanted.validator;
  const stall = new AbortController();
  const stalled = () => stall.abort(new BrokenOff(`nothing came for ${wanted.stallMs / 1000} s`));
  let timer = setTimeout(stalled, wanted.stallMs);
  const moved = () => {
    clearTimeout(timer);
    timer = setTimeout(stalled, wanted.stallMs);
  };
  const file = await open(wanted.partPath, "a+").then(async (made) => {
    await made.close(); // positions count only in a file that is not open for appending
    return await open(wanted.partPath, "r+");
  });
  try {
    const both = wanted.signal === undefined ? stall.signal : AbortSignal.any([wanted.signal, stall.signal]);
    const response = await request(wanted, headers, both);
    if (hasWhole(response, wanted)) return;
    const announced = readHead(response, wanted);
    await checkHead(response, announced, wanted);
    const etag = response.headers.get("etag");
    // A weak tag says nothing of single bytes (RFC 9110, 13.1.5).
    await wanted.onBegin(etag !== null && !etag.startsWith("W/") ? etag : response.headers.get("last-modified"));
    await append(file, response, announced, wanted, moved);
  } catch (thrown) {
    wanted.signal?.throwIfAborted();
    if (stall.signal.aborted) throw stall.signal.reason;
    if (!isLinkFailure(thrown)) throw thrown;
    throw new BrokenOff(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  } finally {
    clearTimeout(timer);
    stall.abort(); // drops the connection where the body was not read to its end
    await file.close();
  }
}
