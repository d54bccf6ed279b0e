// A web host that serves one file by https with a certificate of its own, in ranges, and misbehaves as a test asks.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";

export interface HostFaults {
  /** Null: none. */
  readonly etag?: string | null;
  readonly hasNoRanges?: boolean;
  /** Answers so many requests with 503 first. */
  readonly busyFor?: number;
  /** Sends so many bytes of a body, then cuts the line. */
  readonly cutsAfter?: number;
  /** Sends so many bytes of a body, then no more. */
  readonly silentAfter?: number;
  /** Leads to another address. */
  readonly redirectTo?: string;
}

const STRONG = '"one"';

export class RangeHost implements Disposable {
  bytes: Uint8Array;
  faults: HostFaults = {};
  readonly requests: {
    readonly path: string;
    readonly range: string | undefined;
    readonly ifMatch: string | undefined;
  }[] = [];
  readonly #server: Server;

  private constructor(keys: { readonly cert: string; readonly key: string }, bytes: Uint8Array) {
    this.bytes = bytes;
    this.#server = createServer(keys, (request, response) => this.#answer(request, response));
  }

  static async open(keys: { readonly cert: string; readonly key: string }, bytes: Uint8Array): Promise<RangeHost> {
    const host = new RangeHost(keys, bytes);
    await new Promise<void>((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    return host;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  #answer({ url = "/", headers }: IncomingMessage, response: ServerResponse): void {
    const { etag = STRONG, hasNoRanges = false, busyFor = 0, redirectTo } = this.faults;
    const ifMatch = headers["if-match"];
    this.requests.push({ path: url, range: headers.range, ifMatch });
    if (redirectTo !== undefined) return void response.writeHead(302, { location: redirectTo }).end();
    if (busyFor > 0) {
      this.faults = { ...this.faults, busyFor: busyFor - 1 };
      return void response.writeHead(503).end();
    }
    if (ifMatch !== undefined && ifMatch !== etag) return void response.writeHead(412).end();
    const named = etag === null ? {} : { etag };
    const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
    if (hasNoRanges || match === null) return this.#send(response, 200, named, this.bytes);
    const [start, end] = [Number(match[1]), Math.min(Number(match[2]) + 1, this.bytes.length)];
    const place = { "content-range": `bytes ${start}-${end - 1}/${this.bytes.length}` };
    this.#send(response, 206, { ...named, ...place }, this.bytes.subarray(start, end));
  }

  #send(response: ServerResponse, status: number, headers: Record<string, string>, body: Uint8Array): void {
    const { cutsAfter, silentAfter } = this.faults;
    response.writeHead(status, { ...headers, "content-length": body.length });
    const upTo = cutsAfter ?? silentAfter;
    if (upTo === undefined || upTo >= body.length) return void response.end(body);
    response.write(body.subarray(0, upTo), () => {
      if (cutsAfter !== undefined) response.destroy();
    });
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
