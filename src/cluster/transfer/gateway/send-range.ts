// Answers one request for a source: its headers, and the blocks of the range that is asked for, as fast as they are read.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AppError } from "../../../base/errors.ts";
import { type ByteRange, blocksOfRange } from "../blocks.ts";
import { readRange } from "./http-range.ts";
import type { OpenSource } from "./open-sources.ts";

/** What one attempt reads, and how that goes. */
export interface HandleState {
  readonly source: OpenSource;
  failure: AppError | null;
  /** Reads that wait for a block. */
  waiting: number;
}

/** Errors: why a block can't be had; the answer is then cut off in its middle. */
export async function sendRange(
  handle: HandleState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { bytes, blockBytes } = handle.source.offer;
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return;
  }
  const asked = readRange(request.headers.range ?? null, bytes);
  const headers = { "accept-ranges": "bytes", "content-type": "application/octet-stream" };
  if (asked.kind === "unsatisfiable") {
    response.writeHead(416, { ...headers, "content-range": `bytes */${bytes}`, "content-length": 0 }).end();
    return;
  }
  const range = asked.kind === "part" ? asked.range : { start: 0, end: bytes };
  response.writeHead(asked.kind === "part" ? 206 : 200, {
    ...headers,
    "content-length": range.end - range.start,
    ...(asked.kind === "part" ? { "content-range": `bytes ${range.start}-${range.end - 1}/${bytes}` } : {}),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  await sendBlocks(handle, range, blockBytes, response);
}

async function sendBlocks(handle: HandleState, range: ByteRange, blockBytes: number, response: ServerResponse) {
  const source = handle.source.blocks;
  const position = source.openPosition();
  let onClose: (() => void) | null = null;
  response.once("close", () => {
    // At once, not after the pending block: nothing is read ahead for a reader that is gone.
    position.close();
    onClose?.();
  });
  /** The value, or null if the reader goes first. A new promise each time, or every block would stay in memory. */
  const orClosed = <T>(promise: Promise<T>): Promise<T | null> =>
    new Promise((resolve, reject) => {
      onClose = () => resolve(null);
      promise.then(resolve, reject);
    });
  const { first, last } = blocksOfRange(range, blockBytes);
  for (let block = first; block <= last && !response.destroyed; block++) {
    const wanted = source.block(block);
    position.at(block);
    handle.waiting += 1;
    const bytes = await orClosed(wanted).finally(() => {
      handle.waiting -= 1;
    });
    if (bytes === null || response.destroyed) return;
    const offset = block * blockBytes;
    const part = bytes.subarray(Math.max(0, range.start - offset), Math.min(bytes.length, range.end - offset));
    if (!response.write(part)) {
      await orClosed(new Promise<void>((resolve) => response.once("drain", resolve)));
    }
  }
  response.end();
}
