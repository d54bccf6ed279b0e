// A tiny editor of MP4 and MOV headers: the boxes of moov are read, changed and written again. The media data stays
// where it is, since moov lies behind it (ISO/IEC 14496-12).

interface Box {
  readonly type: string;
  /** Of a box that holds boxes; null: `payload` counts. */
  children: Box[] | null;
  payload: Uint8Array;
}

const PARENTS = new Set(["moov", "trak", "edts", "mdia", "minf", "stbl"]);
const LATIN = new TextDecoder("latin1");

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readBoxes(bytes: Uint8Array): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = view(bytes).getUint32(at) || bytes.length - at;
    const type = LATIN.decode(bytes.subarray(at + 4, at + 8));
    const payload = bytes.slice(at + 8, at + size);
    boxes.push({ type, payload, children: PARENTS.has(type) ? readBoxes(payload) : null });
    at += Math.max(8, size);
  }
  return boxes;
}

function written(box: Box): Uint8Array {
  const body = box.children === null ? box.payload : Buffer.concat(box.children.map(written));
  const out = new Uint8Array(8 + body.length);
  view(out).setUint32(0, out.length);
  for (let i = 0; i < 4; i += 1) out[4 + i] = box.type.charCodeAt(i);
  out.set(body, 8);
  return out;
}

function child(box: Box, ...path: readonly string[]): Box | undefined {
  let found: Box | undefined = box;
  for (const type of path) found = found?.children?.find((one) => one.type === type);
  return found;
}

function handlerOf(track: Box): string {
  const handler = child(track, "mdia", "hdlr");
  return handler === undefined ? "" : LATIN.decode(handler.payload.subarray(8, 12));
}

/** The first box of a file that has this type at its top level. */
function placeOf(bytes: Uint8Array, wanted: string): { readonly at: number; readonly size: number } | null {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const small = view(bytes).getUint32(at);
    const size = small === 1 ? Number(view(bytes).getBigUint64(at + 8)) : small || bytes.length - at;
    if (LATIN.decode(bytes.subarray(at + 4, at + 8)) === wanted) return { at, size };
    at += Math.max(8, size);
  }
  return null;
}

function edited(bytes: Uint8Array, change: (moov: Box) => void): Uint8Array {
  const place = placeOf(bytes, "moov");
  if (place === null || place.at + place.size !== bytes.length) throw new Error("moov is not the last box");
  const [moov] = readBoxes(bytes.subarray(place.at));
  if (moov === undefined) throw new Error("no moov");
  change(moov);
  return Buffer.concat([bytes.subarray(0, place.at), written(moov)]);
}

function tracksOf(moov: Box, handler: string): Box[] {
  return (moov.children ?? []).filter((box) => box.type === "trak" && handlerOf(box) === handler);
}

/** Sync samples of the video: no table (all are said to be), an empty one, or each one sample later. */
export function lieAboutSync(bytes: Uint8Array, how: "all" | "none" | "shifted"): Uint8Array {
  return edited(bytes, (moov) => {
    for (const track of tracksOf(moov, "vide")) {
      const samples = child(track, "mdia", "minf", "stbl");
      const table = child(track, "mdia", "minf", "stbl", "stss");
      if (samples === undefined || table === undefined) continue;
      if (how === "all") samples.children = (samples.children ?? []).filter((box) => box !== table);
      else if (how === "none") table.payload = new Uint8Array(8);
      else {
        const numbers = view(table.payload);
        for (let at = 8; at + 4 <= table.payload.length; at += 4) numbers.setUint32(at, numbers.getUint32(at) + 1);
      }
    }
  });
}

/** Composition offsets are left out: each PTS becomes the DTS. */
export function dropCompositionOffsets(bytes: Uint8Array): Uint8Array {
  return edited(bytes, (moov) => {
    for (const track of tracksOf(moov, "vide")) {
      const samples = child(track, "mdia", "minf", "stbl");
      if (samples?.children) samples.children = samples.children.filter((box) => box.type !== "ctts");
    }
  });
}

export interface EditEntry {
  /** Share of the media; null: an empty edit. */
  readonly from: number | null;
  /** Share of the media. */
  readonly lasts: number;
}

/** An edit list of the first track of a kind, in place of the one that is there. */
export function setEditList(bytes: Uint8Array, handler: "vide" | "soun", entries: readonly EditEntry[]): Uint8Array {
  return edited(bytes, (moov) => {
    const [track] = tracksOf(moov, handler);
    const movie = child(moov, "mvhd");
    const media = track && child(track, "mdia", "mdhd");
    if (track?.children == null || movie === undefined || media === undefined) return;
    const movieScale = view(movie.payload).getUint32(12);
    const mediaScale = view(media.payload).getUint32(12);
    const duration = view(media.payload).getUint32(16);
    const old = child(track, "edts", "elst");
    const first = old !== undefined && old.payload[0] === 0 ? Math.max(0, view(old.payload).getInt32(12)) : 0;
    const payload = new Uint8Array(8 + entries.length * 12);
    view(payload).setUint32(4, entries.length);
    for (const [number, { from, lasts }] of entries.entries()) {
      const at = 8 + number * 12;
      view(payload).setUint32(at, Math.round((lasts * duration * movieScale) / mediaScale));
      view(payload).setInt32(at + 4, from === null ? -1 : first + Math.round(from * duration));
      view(payload).setUint32(at + 8, 0x1_0000);
    }
    const list: Box = { type: "elst", children: null, payload };
    track.children = track.children.filter((box) => box.type !== "edts");
    track.children.splice(1, 0, { type: "edts", children: [list], payload: new Uint8Array() });
  });
}

/** Durations of the movie and of its tracks become 0. */
export function dropDurations(bytes: Uint8Array): Uint8Array {
  return edited(bytes, (moov) => {
    const zero = (box: Box | undefined, at: number) => {
      if (box?.payload[0] === 0) view(box.payload).setUint32(at, 0);
    };
    zero(child(moov, "mvhd"), 16);
    for (const track of (moov.children ?? []).filter(({ type }) => type === "trak")) {
      zero(child(track, "tkhd"), 20);
      zero(child(track, "mdia", "mdhd"), 16);
    }
  });
}

/** One more track, of a handler and a sample entry that nobody knows. */
export function addUnknownTrack(bytes: Uint8Array): Uint8Array {
  return edited(bytes, (moov) => {
    const track = moov.children?.find(({ type }) => type === "trak");
    const [copy] = track === undefined ? [] : readBoxes(written(track));
    const [handler, entries, header] = [
      copy && child(copy, "mdia", "hdlr"),
      copy && child(copy, "mdia", "minf", "stbl", "stsd"),
      copy && child(copy, "tkhd"),
    ];
    if (!copy || !handler || !entries || !header) return;
    for (let i = 0; i < 4; i += 1) handler.payload[8 + i] = "zzzz".charCodeAt(i);
    for (let i = 0; i < 4; i += 1) entries.payload[12 + i] = "zzzz".charCodeAt(i);
    view(header.payload).setUint32(12, 99);
    moov.children?.push(copy);
  });
}
