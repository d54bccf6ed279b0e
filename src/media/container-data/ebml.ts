// Reads and writes EBML elements (RFC 8794), as far as a track header needs. Pure.

export interface Element {
  /** With its marker bits, as Matroska's lists name it. */
  readonly id: number;
  /** Offset of the whole element, of its content, and of what follows it. */
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/** Unknown size of the content: until the end. */
const UNKNOWN_SIZE = -1;

/** A number with a length in its leading zeros (RFC 8794 section 4); null where the bytes end. */
function vint(bytes: Uint8Array, at: number, keepsMarker: boolean): { value: number; length: number } | null {
  const first = bytes[at];
  if (first === undefined || first === 0) return null;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return null;
  let value = keepsMarker ? first : first & (0xff >> length);
  let isOpen = value === 0xff >> length;
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next] ?? 0;
    isOpen &&= byte === 0xff;
    value = value * 256 + byte;
  }
  return { value: isOpen && !keepsMarker ? UNKNOWN_SIZE : value, length };
}

/** The element whose header begins at `at`; its content may reach beyond the bytes that are there. */
export function elementAt(bytes: Uint8Array, at: number): Element | null {
  const id = vint(bytes, at, true);
  const size = id === null ? null : vint(bytes, at + id.length, false);
  if (id === null || size === null) return null;
  const body = at + id.length + size.length;
  return {
    id: id.value,
    start: at,
    body,
    end: size.value === UNKNOWN_SIZE ? Number.POSITIVE_INFINITY : body + size.value,
  };
}

/** The elements between two offsets; stops where one is cut off. */
export function elementsIn(bytes: Uint8Array, from: number, to: number): Element[] {
  const found: Element[] = [];
  for (let at = from; at < to; ) {
    const element = elementAt(bytes, at);
    if (element === null || element.end > to) break;
    found.push(element);
    at = element.end;
  }
  return found;
}

function idBytes(id: number): number[] {
  const bytes: number[] = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}

/** `sizeLength`: bytes of the size, 4 where it does not matter. */
export function element(id: number, content: Uint8Array, sizeLength = 4): Uint8Array {
  const size: number[] = [];
  for (let rest = content.length, left = sizeLength; left > 0; left--, rest = Math.floor(rest / 256)) {
    size.unshift(rest % 256);
  }
  size[0] = (size[0] ?? 0) | (0x80 >> (sizeLength - 1));
  return Uint8Array.from([...idBytes(id), ...size, ...content]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
