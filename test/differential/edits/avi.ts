// A tiny editor of AVI files: the flags of the index (AVIOLDINDEX), or no index at all.

const KEY = 0x10;

function indexOf(bytes: Uint8Array): { readonly at: number; readonly entries: number } | null {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).lastIndexOf("idx1");
  if (at < 0) return null;
  return { at, entries: Math.floor(new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4, true) / 16) };
}

export function lieAboutKeys(bytes: Uint8Array, how: "all" | "none" | "shifted"): Uint8Array {
  const out = bytes.slice();
  const index = indexOf(bytes);
  if (index === null) return out;
  const view = new DataView(out.buffer, out.byteOffset);
  let wasKey = false;
  for (let number = 0; number < index.entries; number += 1) {
    const at = index.at + 8 + number * 16;
    if (out[at + 2] !== "d".charCodeAt(0)) continue; // sound
    const flags = view.getUint32(at + 4, true);
    const says = how === "all" || (how === "shifted" && wasKey);
    wasKey = (flags & KEY) !== 0;
    view.setUint32(at + 4, says ? flags | KEY : flags & ~KEY, true);
  }
  return out;
}

export function dropIndex(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const index = indexOf(bytes);
  if (index !== null) out.set(new TextEncoder().encode("JUNK"), index.at);
  return out;
}
