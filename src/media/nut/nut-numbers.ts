// Reads and writes NUT's number formats (nut.txt, "Definitions"), and defines the error for invalid files. Pure.

/** The user sees the message when a file is refused for it. */
export class NutError extends Error {}

/** Reads numbers out of bytes that are all there. */
export class NutBytes {
  readonly #bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes;
    this.position = position;
  }

  byte(): number {
    const value = this.#bytes[this.position];
    if (value === undefined) throw new NutError("a NUT file ends in the middle of a number");
    this.position += 1;
    return value;
  }

  /** `v`: seven bits a byte, the highest first. Times far from zero need up to 2^53. */
  number(): number {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 127);
      if (!Number.isSafeInteger(value)) throw new NutError("a NUT file holds a number beyond what is counted with");
      if (byte < 128) return value;
    }
  }

  /** `s`: as `v`, the lowest bit is the sign. */
  signed(): number {
    const coded = this.number() + 1;
    return coded % 2 === 1 ? (1 - coded) / 2 : coded / 2;
  }

  /** `vb`: a length and so many bytes. */
  block(): Uint8Array {
    const length = this.number();
    if (length > this.#bytes.length - this.position) throw new NutError("a NUT file ends in the middle of a block");
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }
}

/** `v` */
export function numberBytes(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) + 128);
  return bytes;
}
