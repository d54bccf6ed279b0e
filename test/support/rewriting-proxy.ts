// Somebody between a client and its server where nothing is encrypted: reads all that is said, and changes what the server
// says on the link.
import type { ClientMessage, ServerMessage } from "../../src/cluster/protocol/messages.ts";

interface Line {
  readonly authorization: string;
  server: WebSocket | null;
  readonly early: string[];
}

export class RewritingProxy implements AsyncDisposable {
  readonly heard: ClientMessage[] = [];
  readonly #server: Bun.Server<Line>;

  /** `rewrite`: what the client is told instead. */
  constructor(target: () => string, rewrite: (message: ServerMessage) => object) {
    const say = (line: Line, text: string) => {
      this.heard.push(JSON.parse(text) as ClientMessage);
      if (line.server?.readyState === WebSocket.OPEN) line.server.send(text);
      else line.early.push(text);
    };
    this.#server = Bun.serve<Line>({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request, self) {
        const { pathname, search } = new URL(request.url);
        const authorization = request.headers.get("authorization") ?? "";
        if (pathname === "/api/v1/link") {
          const isLink = self.upgrade(request, { data: { authorization, server: null, early: [] } });
          return isLink ? undefined : new Response(null, { status: 400 });
        }
        const headers = new Headers(request.headers);
        headers.delete("host");
        const body = request.body === null ? null : await request.bytes();
        const answer = await fetch(target() + pathname + search, { method: request.method, headers, body });
        return new Response(answer.status === 204 ? null : await answer.bytes(), {
          status: answer.status,
          headers: answer.headers,
        });
      },
      websocket: {
        open(socket) {
          const { data } = socket;
          const headers = { authorization: data.authorization };
          data.server = new WebSocket(`${target().replace("http", "ws")}/api/v1/link`, {
            headers,
          } as unknown as string[]);
          data.server.onopen = () => {
            for (const text of data.early.splice(0)) data.server?.send(text);
          };
          data.server.onmessage = (event) =>
            socket.send(JSON.stringify(rewrite(JSON.parse(String(event.data)) as ServerMessage)));
          data.server.onclose = () => socket.close();
        },
        message: (socket, text) => say(socket.data, String(text)),
        close: ({ data }) => data.server?.close(),
      },
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}
