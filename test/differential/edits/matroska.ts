// A tiny editor of Matroska files that keeps every size: flags of blocks, the index, the duration, the name of a codec
// (RFC 8794, RFC 9559).

const MASTERS = new Set([0x1853_8067, 0x1f43_b675, 0xa0, 0x1549_a966, 0x1654_ae6b, 0xae]);
const ID = {
  cues: 0x1c53_bb6b,
  duration: 0x4489,
  simpleBlock: 0xa3,
  codecId: 0x86,
  trackNumber: 0xd7,
  trackType: 0x83,
};

interface Element {
  readonly id: number;
  readonly at: number;
  readonly data: number;
  readonly end: number;
}

function numberAt(
  bytes: Uint8Array,
  at: number,
  keepsMarker: boolean,
): { readonly value: number; readonly length: number } {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  let value = keepsMarker ? first : first & (0xff >> length);
  for (let i = 1; i < length; i += 1) value = value * 256 + (bytes[at + i] ?? 0);
  return { value, length };
}

/** All elements, those inside of masters too, in their order. */
function elementsOf(bytes: Uint8Array, from = 0, to = bytes.length): Element[] {
  const found: Element[] = [];
  for (let at = from; at + 2 <= to; ) {
    const id = numberAt(bytes, at, true);
    const size = numberAt(bytes, at + id.length, false);
    if (id.length > 4 || size.length > 8) break;
    const data = at + id.length + size.length;
    const end = Math.min(to, data + size.value);
    found.push({ id: id.value, at, data, end });
    if (MASTERS.has(id.value)) found.push(...elementsOf(bytes, data, end));
    at = end;
  }
  return found;
}

/** Overwrites an element with one that means nothing. */
function voided(out: Uint8Array, { at, end }: Element): void {
  const length = end - at;
  out[at] = 0xec;
  if (length < 10) out[at + 1] = 0x80 | (length - 2);
  else {
    out[at + 1] = 0x01;
    new DataView(out.buffer, out.byteOffset).setUint32(at + 2, 0);
    new DataView(out.buffer, out.byteOffset).setUint32(at + 5, length - 9);
  }
}

export function dropElement(bytes: Uint8Array, what: "cues" | "duration"): Uint8Array {
  const out = bytes.slice();
  for (const element of elementsOf(bytes)) if (element.id === ID[what]) voided(out, element);
  return out;
}

function videoTrack(bytes: Uint8Array): number {
  let track = 0;
  for (const { id, data } of elementsOf(bytes)) {
    if (id === ID.trackNumber) track = bytes[data] ?? 0;
    if (id === ID.trackType && bytes[data] === 1) return track;
  }
  return 1;
}

/** Key frame flags of the video's blocks. */
export function lieAboutKeys(bytes: Uint8Array, how: "all" | "none" | "shifted"): Uint8Array {
  const out = bytes.slice();
  const track = videoTrack(bytes);
  let wasKey = false;
  for (const { id, data } of elementsOf(bytes)) {
    if (id !== ID.simpleBlock || (bytes[data] ?? 0) !== (0x80 | track)) continue;
    const isKey = ((bytes[data + 3] ?? 0) & 0x80) !== 0;
    const says = how === "all" || (how === "shifted" && wasKey);
    out[data + 3] = ((bytes[data + 3] ?? 0) & 0x7f) | (says ? 0x80 : 0);
    wasKey = isKey;
  }
  return out;
}

/** The last track, where it is not the video, has a codec of a name that nobody knows. */
export function renameCodec(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const names = elementsOf(bytes).filter(({ id }) => id === ID.codecId);
  const last = names.at(-1);
  if (last !== undefined && bytes[last.data] !== "V".charCodeAt(0)) out.fill("Z".charCodeAt(0), last.end - 3, last.end);
  return out;
}
