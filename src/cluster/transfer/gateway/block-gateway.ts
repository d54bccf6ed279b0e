// The loopback HTTP server that ffmpeg reads sources from. It serves plain files with exact ranges, whatever the
// network does: ffmpeg sees no token, no redirect and no broken connection. Uses node:http, because Bun.serve sends a
// streamed body without its Content-Length (measured on 1.4.5).
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AppError, toAppError } from "../../../base/errors.ts";
import { uidOfPeer } from "../../../base/peer-user.ts";
import { type ByteRange, blocksOfRange } from "../blocks.ts";
import { type OpenSourcesOptions, openSourceCache, type ServedSource } from "./open-sources.ts";
import { type HandleState, sendRange } from "./send-range.ts";

const DEFAULT_CACHE_BYTES = 4 * 1024 ** 3;

export interface BlockGatewayOptions extends OpenSourcesOptions {
  readonly cacheBytes?: number;
}

/** A reader's access to a source. The URL works until `release`. */
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
  open(source: ServedSource): SourceHandle;
  /** Its job has ended: its blocks are removed as soon as nothing reads them. */
  forget(sourceId: string): void;
  /** Bytes of source blocks on disk. */
  cachedBytes(): number;
  /** Ends every connection and fetch, and empties the cache. */
  close(): Promise<void>;
}

export interface BlockGateway extends SourceGateway {
  /** One block of a source, from the cache where it is there. */
  block(source: ServedSource, number: number): Promise<Uint8Array>;
}

export async function openBlockGateway(options: BlockGatewayOptions): Promise<BlockGateway> {
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
    async block(offer, number) {
      const source = sources.open(offer);
      sources.dropWhenUnused(source);
      return await source.blocks.block(number);
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
  await sendRange(handle, request, response);
}

function handleOf(path: string, handles: ReadonlyMap<string, HandleState>): HandleState | null {
  const match = /^\/([0-9a-f]{32})\/([0-9a-f-]{36})\/source(?:\.[a-z0-9]{1,8})?$/.exec(path);
  const handle = handles.get(match?.[1] ?? "");
  return handle && handle.source.offer.sourceId === match?.[2] ? handle : null;
}
