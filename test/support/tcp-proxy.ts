// A TCP proxy between a client and its server that harms what passes: cuts, silence, bytes flipped in bodies, streams
// that end too early. Knows HTTP only as far as to leave heads and WebSockets whole (TCP's own checksums and TLS guard
// those; what the digests must catch is damage to the bytes of sources and segments).
import { createServer, type Server, type Socket } from "node:net";

/** A retransmission on a line of 200 ms. */
const HELD_UP_MS = 400;
/** Heads are shorter than this; what comes after is body. */
const HEAD_BYTES = 4096;

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Mean bytes of body between two flipped ones; 0: none is. */
  flipEvery = 0;
  /** The next body that is longer than this ends there; null: none does. */
  truncateAt: number | null = null;
  /** What passes comes so much later, each way. */
  latencyMs = 0;
  /** Probability that a chunk is held up for a retransmission's time, as on a line that loses packets. */
  holdUpChance = 0;
  /** Bodies that go this way stand still, while links go on; null: none does. */
  #held: "to-client" | "to-server" | null = null;
  readonly #waiting = new Set<() => void>();
  /** New connections are refused. */
  isCut = false;
  flipped = 0;
  truncated = 0;
  readonly #random: () => number;

  private constructor(targetPort: () => number, random: () => number) {
    this.#random = random;
    this.#server = createServer((inner) => this.#serve(inner, targetPort()));
  }

  static async open(
    targetPort: () => number,
    random: () => number = Math.random,
    host = "127.0.0.1",
  ): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort, random);
    await new Promise<void>((resolve) => proxy.#server.listen(0, host, resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Breaks every connection and refuses new ones until `heal`. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  hold(way: "to-client" | "to-server"): void {
    this.#held = way;
  }

  /** Streams that stand still. */
  get holding(): number {
    return this.#waiting.size;
  }

  /** Everything passes as it is. */
  heal(): void {
    this.#held = null;
    for (const goOn of [...this.#waiting]) goOn();
    this.#waiting.clear();
    this.isCut = false;
    this.flipEvery = 0;
    this.truncateAt = null;
  }

  #serve(inner: Socket, targetPort: number): void {
    if (this.isCut) {
      inner.destroy();
      return;
    }
    const outer = new (inner.constructor as typeof Socket)();
    outer.connect(targetPort, "127.0.0.1");
    let isLink = false;
    let isFirst = true;
    const pass = (from: Socket, to: Socket, isRequest: boolean) => {
      let passed = 0;
      let lastAt = 0;
      /** In order, and not before its time. */
      const later = (act: () => void) => {
        const heldUpMs = this.holdUpChance > 0 && this.#random() < this.holdUpChance ? HELD_UP_MS : 0;
        lastAt = Math.max(lastAt, performance.now() + this.latencyMs + heldUpMs);
        const waitMs = lastAt - performance.now();
        if (waitMs > 1) setTimeout(act, waitMs);
        else act();
      };
      from.on("data", (chunk: Buffer) => {
        if (isRequest && isFirst) {
          isFirst = false;
          isLink = chunk.includes("/api/v1/link");
        }
        const isBody = !isLink && passed > HEAD_BYTES;
        passed += chunk.length;
        if (isBody && this.truncateAt !== null && passed > this.truncateAt) {
          this.truncateAt = null;
          this.truncated += 1;
          from.destroy();
          to.destroy();
          return;
        }
        if (isBody) this.#flip(chunk);
        if (isBody && this.#held === (isRequest ? "to-server" : "to-client")) {
          from.pause();
          const goOn = () => void from.resume();
          this.#waiting.add(goOn);
          from.once("close", () => this.#waiting.delete(goOn));
        }
        later(() => {
          if (to.destroyed || to.write(chunk)) return;
          from.pause();
          to.once("drain", () => from.resume());
        });
      });
      from.on("end", () => later(() => to.end()));
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on("error", () => to.destroy()); // a broken end is what this proxy is for
      this.#sockets.add(from);
    };
    pass(inner, outer, true);
    pass(outer, inner, false);
  }

  #flip(chunk: Buffer): void {
    if (this.flipEvery === 0 || this.#random() > chunk.length / this.flipEvery) return;
    const at = Math.floor(this.#random() * chunk.length);
    chunk[at] = (chunk[at] ?? 0) ^ 0x20;
    this.flipped += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
