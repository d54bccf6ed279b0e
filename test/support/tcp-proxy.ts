// A TCP proxy between a client and its server that harms what passes: cuts that are told and cuts that are not, a slow
// or distant line, bytes flipped in bodies, streams that end too early. Leaves the heads of HTTP and WebSockets whole
// (TCP's own checksums and TLS guard those; what the digests must catch is damage to the bytes of sources and
// segments), and counts the bytes of bodies, which says whether something was sent twice.
import { createServer, type Server, type Socket } from "node:net";
import { HttpBodies } from "./http-bodies.ts";

/** A retransmission on a line of 200 ms. */
const HELD_UP_MS = 400;
/** What one connection has on the line at a time, where the line is slow or long: the sender must wait like on a real one. */
const WINDOW_BYTES = 64 * 1024;
const LONG_WINDOW_BYTES = 1024 * 1024;
/** Smaller bodies are talk, not the bytes of a file. */
const FILE_BYTES = 1024;

type Way = "to-client" | "to-server";

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Mean bytes of body between two flipped ones; 0: none is. */
  flipEvery = 0;
  /** The next connection that has carried more of bodies than this ends there; null: none does. */
  truncateAt: number | null = null;
  /** What passes comes so much later, each way. */
  latencyMs = 0;
  /** Probability that a chunk is held up for a retransmission's time, as on a line that loses packets. */
  holdUpChance = 0;
  /** What the line carries each way, for all connections together; 0: any amount. */
  bytesPerSecond = 0;
  /** New connections are refused. */
  isCut = false;
  flipped = 0;
  truncated = 0;
  /** Bytes of bodies that came from the senders, whatever became of them. */
  readonly bodyBytes = { "to-client": 0, "to-server": 0 };
  /** What is to stand still that goes this way, while links go on; null: nothing. */
  #held: Way | null = null;
  /** Nothing passes, and nobody is told. */
  #isSilent = false;
  readonly #waiting = new Set<() => void>();
  /** When the line has carried what it was given, each way. */
  readonly #freeAtMs = { "to-client": 0, "to-server": 0 };
  readonly #random: () => number;

  private constructor(targetPort: () => number, random: () => number) {
    this.#random = random;
    this.#server = createServer((inner) => void this.#accept(inner, targetPort));
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

  /** The cable is out: nothing passes and no end is told, until `heal`; then what was on the line goes on. */
  silence(): void {
    this.#isSilent = true;
  }

  /** Lets bodies to the server, or answers to the client with their heads, stand still until `heal`; links go on. */
  hold(way: Way): void {
    this.#held = way;
  }

  /** Streams that stand still. */
  get holding(): number {
    return this.#waiting.size;
  }

  /** Everything passes as it is. */
  heal(): void {
    this.#held = null;
    this.#isSilent = false;
    for (const goOn of [...this.#waiting]) goOn();
    this.#waiting.clear();
    this.isCut = false;
    this.flipEvery = 0;
    this.truncateAt = null;
  }

  #untilHealed(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      socket.once("close", () => {
        this.#waiting.delete(resolve);
        resolve();
      });
    });
  }

  async #accept(inner: Socket, targetPort: () => number): Promise<void> {
    this.#sockets.add(inner);
    inner.on("error", () => inner.destroy()); // a broken end is what this proxy is for
    inner.on("close", () => this.#sockets.delete(inner));
    inner.pause();
    if (this.#isSilent) await this.#untilHealed(inner);
    if (this.isCut || inner.destroyed) {
      inner.destroy();
      return;
    }
    const outer = new (inner.constructor as typeof Socket)();
    outer.connect(targetPort(), "127.0.0.1");
    this.#sockets.add(outer);
    outer.on("error", () => outer.destroy());
    outer.on("close", () => this.#sockets.delete(outer));
    void this.#pass(inner, outer, "to-server");
    void this.#pass(outer, inner, "to-client");
  }

  /** Carries one direction of a connection to its end, in order. */
  async #pass(from: Socket, to: Socket, way: Way): Promise<void> {
    const bodies = new HttpBodies(FILE_BYTES);
    let carried = 0;
    let arrivesAtMs = 0;
    let onLine = 0;
    let line: Promise<void> = Promise.resolve();
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (to.destroyed) break; // what its socket still held goes nowhere
        const found = bodies.find(chunk);
        for (const { start, end } of found) {
          this.bodyBytes[way] += end - start;
          carried += end - start;
          this.#flip(chunk.subarray(start, end));
        }
        if (found.length > 0 && this.truncateAt !== null && carried > this.truncateAt) {
          this.truncateAt = null;
          this.truncated += 1;
          break;
        }
        arrivesAtMs = Math.max(arrivesAtMs, this.#arrival(chunk.length, way));
        const isFile = found.length > 0 || (way === "to-client" && !bodies.isOpaque);
        const isHeld = () => this.#isSilent || (isFile && this.#held === way);
        const arrival = arrivesAtMs;
        onLine += chunk.length;
        line = line.then(async () => {
          await pauseUntil(arrival);
          while (isHeld() && !from.destroyed && !to.destroyed) await this.#untilHealed(to);
          await write(to, chunk);
          onLine -= chunk.length;
        });
        const window = this.latencyMs > 0 ? LONG_WINDOW_BYTES : WINDOW_BYTES;
        while (onLine >= window && !to.destroyed) await line;
      }
      await line;
    } catch (thrown) {
      if (!from.destroyed && !to.destroyed) throw thrown; // else: broken by one of its ends, or by us
    }
    if (from.readableEnded && !to.destroyed) to.end();
    else to.destroy();
    if (!from.readableEnded) from.destroy();
  }

  /** When so many bytes that are sent now come out at the other end. */
  #arrival(bytes: number, way: Way): number {
    const now = performance.now();
    const heldUpMs = this.holdUpChance > 0 && this.#random() < this.holdUpChance ? HELD_UP_MS : 0;
    const sendMs = this.bytesPerSecond > 0 ? (1000 * bytes) / this.bytesPerSecond : 0;
    this.#freeAtMs[way] = Math.max(now, this.#freeAtMs[way]) + sendMs;
    return this.#freeAtMs[way] + this.latencyMs + heldUpMs;
  }

  #flip(body: Uint8Array): void {
    if (this.flipEvery === 0 || this.#random() > body.length / this.flipEvery) return;
    const at = Math.floor(this.#random() * body.length);
    body[at] = (body[at] ?? 0) ^ 0x20;
    this.flipped += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.heal();
    this.isCut = true;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function pauseUntil(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
}

/** Resolves when there is room for more, or nobody reads any more. */
async function write(to: Socket, chunk: Buffer): Promise<void> {
  if (to.destroyed || to.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      to.off("drain", done);
      to.off("close", done);
      resolve();
    };
    to.once("drain", done);
    to.once("close", done);
  });
}
