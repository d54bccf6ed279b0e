// Reads a file in large pieces, for readers that go through it once and skip most of it.
import type { FileHandle } from "node:fs/promises";

const WINDOW_BYTES = 256 * 1024;

export class FileWindow {
  readonly #file: FileHandle;
  /** How long the file is. */
  readonly bytes: number;
  #start = 0;
  #held: Uint8Array = new Uint8Array(0);

  constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  /** `wanted` bytes from `position` on if they are in memory, fewer at the end of the file; otherwise null. */
  held(position: number, wanted: number): Uint8Array | null {
    const end = Math.min(position + wanted, this.bytes);
    if (position < this.#start || end > this.#start + this.#held.length || end < position) return null;
    return this.#held.subarray(position - this.#start, end - this.#start);
  }

  /** The same, reading them when needed. Null: the file has become shorter. Earlier results stay valid. */
  async read(position: number, wanted: number): Promise<Uint8Array | null> {
    const held = this.held(position, wanted);
    if (held !== null) return held;
    const buffer = new Uint8Array(Math.max(WINDOW_BYTES, Math.min(wanted, this.bytes - position)));
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, position);
    this.#start = position;
    this.#held = buffer.subarray(0, bytesRead);
    return this.held(position, wanted);
  }
}
