// Which bytes of an HTTP/1.1 stream are bodies, one message after the other on a connection that is kept. Streams of
// unknown length and WebSockets are none: from there on nothing is a body. Knows no proxy.

const HEAD_END = "\r\n\r\n";

export interface Range {
  readonly start: number;
  readonly end: number;
}

export class HttpBodies {
  readonly #atLeast: number;
  #isSmall = false;
  #head = "";
  /** Bytes of body that are still to come. */
  #left = 0;
  #isOpaque = false;

  /** Bodies that are shorter than this are not told of. */
  constructor(atLeast = 0) {
    this.#atLeast = atLeast;
  }

  /** A WebSocket, or a stream of unknown length. */
  get isOpaque(): boolean {
    return this.#isOpaque;
  }

  /** The parts of the next chunk that are body. */
  find(chunk: Uint8Array): Range[] {
    const found: Range[] = [];
    for (let at = 0; at < chunk.length && !this.#isOpaque; ) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left);
        if (!this.#isSmall) found.push({ start: at, end });
        this.#left -= end - at;
        at = end;
        continue;
      }
      const before = this.#head.length;
      // Latin-1: a character is a byte.
      this.#head += Buffer.from(chunk.subarray(at)).toString("latin1");
      const headEnd = this.#head.indexOf(HEAD_END);
      if (headEnd < 0) break;
      at += headEnd + HEAD_END.length - before;
      this.#begin(this.#head.slice(0, headEnd));
      this.#head = "";
    }
    return found;
  }

  #begin(head: string): void {
    this.#isOpaque = /^HTTP\/1\.1 101|^(upgrade: |transfer-encoding: )/im.test(head);
    this.#left = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    this.#isSmall = this.#left < this.#atLeast;
  }
}
