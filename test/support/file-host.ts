// A host of files for tests of downloads: real HTTP over TCP, spoken by hand, so that it can also lie about lengths, cut the
// line in mid-body and fall silent.
import { createServer, type Server, type Socket } from "node:net";

export interface HostRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HostAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
  /** Only so many bytes of the body are sent. */
  readonly upTo?: number;
  /** The line stays open and silent after that. */
  readonly fallsSilent?: boolean;
}

export type Answerer = (request: HostRequest, count: number) => HostAnswer;

const END_OF_HEAD = "\r\n\r\n";

function readHead(text: string): HostRequest {
  const [first = "", ...lines] = text.split("\r\n");
  const pairs = lines.map((line) => line.split(/:\s*/, 2) as [string, string]);
  return {
    path: decodeURIComponent(first.split(" ")[1] ?? "/"),
    headers: Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

export class FileHost implements Disposable {
  readonly requests: HostRequest[] = [];
  answer: Answerer;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: Answerer) {
    this.answer = answer;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      let head = "";
      socket.on("data", (chunk) => {
        head += chunk.toString("latin1");
        if (head.includes(END_OF_HEAD)) this.#reply(socket, readHead(head.slice(0, head.indexOf(END_OF_HEAD))));
      });
    });
  }

  static async open(answer: Answerer): Promise<FileHost> {
    const host = new FileHost(answer);
    await new Promise<void>((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    return host;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  #reply(socket: Socket, request: HostRequest): void {
    this.requests.push(request);
    const {
      status = 200,
      headers = {},
      body = new Uint8Array(),
      ...fault
    } = this.answer(request, this.requests.length);
    const length = headers["content-length"] ?? body.length;
    const all = { "content-length": length, connection: "close", ...headers };
    const lines = Object.entries(all).flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`]));
    socket.write(`HTTP/1.1 ${status} Answer\r\n${lines.join("\r\n")}${END_OF_HEAD}`);
    socket.write(body.subarray(0, fault.upTo ?? body.length));
    if (fault.fallsSilent !== true) socket.end();
  }

  /** Cuts every line that is open. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#server.close();
  }
}

/** As a good host serves a file: whole, or the range that is asked for while the file is the same. */
export function answerWith(content: Uint8Array, etag: string, request: HostRequest): HostAnswer {
  const headers = { etag, "accept-ranges": "bytes" };
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? Number.NaN);
  const condition = request.headers["if-range"];
  if (Number.isNaN(start) || (condition !== undefined && condition !== etag)) return { headers, body: content };
  if (start >= content.length)
    return { status: 416, headers: { ...headers, "content-range": `bytes */${content.length}` } };
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  return { status: 206, headers: { ...headers, "content-range": range }, body: content.subarray(start) };
}
