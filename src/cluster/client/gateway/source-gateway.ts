// The loopback HTTP server that ffmpeg reads sources from. It serves plain files with exact ranges, whatever the
// network does: ffmpeg sees no token, no redirect and no broken connection. Uses node:http, because Bun.serve sends a
// streamed body without its Content-Length (measured on 1.4.5).
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AppError, toAppError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { uidOfPeer } from "../../../base/peer-user.ts";
import type { SourceOffer } from "../../protocol/messages.ts";
import { type ByteRange, blockCount, blockRange, blocksOfRange } from "../../transfer/blocks.ts";
import type { Remote } from "../link/remote.ts";
import { openBlockCache } from "./block-cache.ts";
import { BlockSource } from "./block-source.ts";
import { DEFAULT_FETCH_POLICY, type FetchPolicy, fetchBlock } from "./fetch-block.ts";
import { readRange } from "./http-range.ts";

const DEFAULT_CACHE_BYTES = 4 * 1024 ** 3;
/** A source that no attempt has opened for this long is removed from the cache. */
const KEEP_UNUSED_MS = 10 * 60_000;

export interface GatewayOptions {
  readonly remote: Remote;
  readonly cacheFolder: string;
  readonly log: Log;
  readonly cacheBytes?: number;
  readonly fetchPolicy?: FetchPolicy;
  readonly keepUnusedMs?: number;
}

/** An attempt's access to a source. The URL works until `release`. */
export interface SourceHandle {
  readonly url: string;
  /** Fetches the blocks of a range ahead; ends with the handle. */
  prefetch(range: ByteRange): void;
  /**
   * Why the last read through this handle was cut off; null: it was not. ffmpeg may take that for the end of the file.
   */
  failure(): AppError | null;
  /** Whether a read through this handle waits for a block right now. */
  isWaiting(): boolean;
  release(): void;
}

export interface SourceGateway {
  open(source: SourceOffer): SourceHandle;
  /** Its job has ended: its blocks are removed as soon as nothing reads them. */
  forget(sourceId: string): void;
  /** Bytes of source blocks on disk. */
  cachedBytes(): number;
  /** Ends every connection and fetch, and empties the cache. */
  close(): Promise<void>;
}

interface OpenSource {
  readonly offer: SourceOffer;
  readonly blocks: BlockSource;
  users: number;
  /** How long its blocks stay after the last handle. */
  keepMs: number;
  unusedTimer: ReturnType<typeof setTimeout> | undefined;
}

interface HandleState {
  readonly source: OpenSource;
  failure: AppError | null;
  /** Reads that wait for a block. */
  waiting: number;
}

interface SourceCache {
  /** The source, opened when it is not yet open. */
  open(offer: SourceOffer): OpenSource;
  find(sourceId: string): OpenSource | undefined;
  /** Drops the source once nothing has used it for `keepMs`. */
  dropWhenUnused(source: OpenSource): void;
  usedBytes(): number;
  /** Drops every source and empties the cache. */
  clear(): Promise<void>;
}

async function openSourceCache(options: GatewayOptions, cacheBytes: number): Promise<SourceCache> {
  const { remote, log } = options;
  const policy = options.fetchPolicy ?? DEFAULT_FETCH_POLICY;
  const keepMs = options.keepUnusedMs ?? KEEP_UNUSED_MS;
  const cache = await openBlockCache(options.cacheFolder, cacheBytes, log);
  const sources = new Map<string, OpenSource>();

  const drop = async (source: OpenSource) => {
    clearTimeout(source.unusedTimer);
    if (sources.get(source.offer.sourceId) === source) sources.delete(source.offer.sourceId);
    await source.blocks.close();
    await cache.drop(source.offer.sourceId);
  };

  return {
    open(offer) {
      const known = sources.get(offer.sourceId);
      // A job that was over may have been resumed.
      if (known) return Object.assign(known, { keepMs });
      const blocks = new BlockSource({
        sourceId: offer.sourceId,
        blocks: blockCount(offer.bytes, offer.blockBytes),
        cache,
        fetch(number, signal) {
          const range = blockRange(number, offer.bytes, offer.blockBytes);
          const block = { sourceId: offer.sourceId, number, bytes: range.end - range.start };
          return fetchBlock(remote, block, policy, signal);
        },
      });
      const source: OpenSource = { offer, blocks, users: 0, keepMs, unusedTimer: undefined };
      sources.set(offer.sourceId, source);
      return source;
    },
    find: (sourceId) => sources.get(sourceId),
    dropWhenUnused(source) {
      clearTimeout(source.unusedTimer);
      if (source.users > 0) return;
      source.unusedTimer = setTimeout(() => {
        drop(source).catch((thrown) => log.warn("a source cache could not be removed", { error: String(thrown) }));
      }, source.keepMs);
      source.unusedTimer.unref();
    },
    usedBytes: () => cache.usedBytes(),
    async clear() {
      await Promise.all([...sources.values()].map(drop));
      await cache.clear();
    },
  };
}

export async function openSourceGateway(options: GatewayOptions): Promise<SourceGateway> {
  const { log } = options;
  const cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
  const sources = await openSourceCache(options, cacheBytes);
  /** Bounded so that blocks fetched ahead are still cached when they are read. */
  const mostPrefetched = Math.floor(cacheBytes / 4);
  const handles = new Map<string, HandleState>();

  const server = createServer((request, response) => {
    const handle = handleOf(request.url ?? "", handles);
    if (!handle) return void response.writeHead(404).end();
    serveOwn(handle, request, response).catch((thrown) => {
      if (response.destroyed) return; // the reader is gone
      handle.failure = toAppError(thrown);
      log.warn("reading the source failed", { source: handle.source.offer.sourceId, error: handle.failure.message });
      response.destroy(); // not a clean end: ffmpeg must not take this for the end of the file
    });
  });
  // A reader may pause for minutes while its encoder works.
  Object.assign(server, { requestTimeout: 0, timeout: 0, headersTimeout: 30_000 });
  const port = await listen(server);

  return {
    open(offer) {
      const source = sources.open(offer);
      clearTimeout(source.unusedTimer);
      source.users += 1;
      const secret = randomBytes(16).toString("hex");
      const state: HandleState = { source, failure: null, waiting: 0 };
      handles.set(secret, state);
      const cancels: (() => void)[] = [];
      return {
        url: `http://127.0.0.1:${port}/${secret}/${offer.sourceId}/source`,
        prefetch(range) {
          const end = Math.min(range.end, offer.bytes, range.start + mostPrefetched);
          if (range.start >= end) return;
          const { first, last } = blocksOfRange({ start: range.start, end }, offer.blockBytes);
          cancels.push(source.blocks.prefetch(first, last));
        },
        failure: () => state.failure,
        isWaiting: () => state.waiting > 0,
        release() {
          if (!handles.delete(secret)) return;
          for (const cancel of cancels) cancel();
          source.users -= 1;
          sources.dropWhenUnused(source);
        },
      };
    },
    forget(sourceId) {
      const source = sources.find(sourceId);
      if (source === undefined) return;
      source.keepMs = 0;
      sources.dropWhenUnused(source);
    },
    cachedBytes: () => sources.usedBytes(),
    async close() {
      handles.clear();
      server.close();
      server.closeAllConnections();
      await sources.clear();
    },
  };
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the gateway has no port"));
      else resolve(address.port);
    });
  });
}

/** Everyone on this machine can read the URL in ffmpeg's command line: another user's process gets nothing for it. */
async function serveOwn(handle: HandleState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { remotePort = 0, localPort = 0 } = request.socket;
  const uid = await uidOfPeer(remotePort, localPort);
  if (uid !== null && uid !== process.getuid?.()) return void response.writeHead(403).end();
  await serve(handle, request, response);
}

function handleOf(path: string, handles: ReadonlyMap<string, HandleState>): HandleState | null {
  const match = /^\/([0-9a-f]{32})\/([0-9a-f-]{36})\/source$/.exec(path);
  const handle = handles.get(match?.[1] ?? "");
  return handle && handle.source.offer.sourceId === match?.[2] ? handle : null;
}

async function serve(handle: HandleState, request: IncomingMessage, response: ServerResponse): Promise<void> {
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
