// Stands before a server as the network does: passes connections on to whoever is behind it now, and keeps what callers sent.
import { connect, createServer, type Server, type Socket } from "node:net";

export class Front implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Where new connections go. */
  target: { readonly host: string; readonly port: number };
  /** What went from callers to the server, in Latin-1. */
  sent = "";
  connections = 0;

  private constructor(target: Front["target"]) {
    this.target = target;
    this.#server = createServer((caller) => this.#pass(caller));
  }

  static async open(target: Front["target"]): Promise<Front> {
    const front = new Front(target);
    await new Promise<void>((resolve) => front.#server.listen(0, "127.0.0.1", resolve));
    return front;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Ends every connection; whoever calls again reaches `target`. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(caller: Socket): void {
    this.connections += 1;
    const server = connect(this.target);
    for (const socket of [caller, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    }
    caller.on("data", (chunk: Buffer) => {
      this.sent += chunk.toString("latin1");
    });
    caller.pipe(server);
    server.pipe(caller);
    caller.on("close", () => server.destroy());
    server.on("close", () => caller.destroy());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
