// The video track of an MP4 or MOV header: copies boxes that describe the picture from one file into another whose
// header keeps its length, so that no sample offset changes. Pure. ISO/IEC 14496-12.
import { joined } from "./ebml.ts";

interface Box {
  readonly type: string;
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/**
 * Stereo and 360° by Spherical Video V2. Apple's `vexu`, which ffmpeg 7.1 adds, is left out: it turns the projection back
 * to no yaw and hides the kind of stereo from ffmpeg's own reader.
 */
const PICTURE_BOXES: ReadonlySet<string> = new Set(["st3d", "sv3d"]);
/** Fields of a visual sample entry before its boxes (section 12.1.3). */
const VISUAL_FIELDS = 78;
/** Version, pre-defined, type and reserved fields of `hdlr` before the name. */
const HANDLER_FIELDS = 24;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function boxesIn(bytes: Uint8Array, from: number, to: number): Box[] {
  const view = viewOf(bytes);
  const found: Box[] = [];
  for (let at = from; at + 8 <= to; ) {
    const size = view.getUint32(at);
    // Headers of 64-bit sizes are mdat's alone; a size of 0 ends the list of QuickTime.
    if (size < 8 || at + size > to) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    found.push({ type, start: at, body: at + 8, end: at + size });
    at += size;
  }
  return found;
}

function child(bytes: Uint8Array, { body, end }: Pick<Box, "body" | "end">, type: string): Box | undefined {
  return boxesIn(bytes, body, end).find((box) => box.type === type);
}

interface VideoTrack {
  readonly handler: Box;
  /** From the outermost box to the sample entry; each grows when a box is added to the last. */
  readonly path: readonly Box[];
  readonly entry: Box;
}

/** `moov`: the whole box. */
function videoTrack(moov: Uint8Array): VideoTrack | null {
  for (const trak of boxesIn(moov, 8, moov.length).filter(({ type }) => type === "trak")) {
    const mdia = child(moov, trak, "mdia");
    const handler = mdia === undefined ? undefined : child(moov, mdia, "hdlr");
    if (mdia === undefined || handler === undefined) continue;
    if (String.fromCharCode(...moov.subarray(handler.body + 8, handler.body + 12)) !== "vide") continue;
    const minf = child(moov, mdia, "minf");
    const stbl = minf === undefined ? undefined : child(moov, minf, "stbl");
    const stsd = stbl === undefined ? undefined : child(moov, stbl, "stsd");
    if (minf === undefined || stbl === undefined || stsd === undefined) continue;
    const [entry] = boxesIn(moov, stsd.body + 8, stsd.end);
    return entry === undefined ? null : { handler, path: [minf, stbl, stsd, entry], entry };
  }
  return null;
}

/** The complete boxes of the first video track that describe the picture. `moov`: the whole box. */
export function mp4PictureBoxes(moov: Uint8Array): Uint8Array[] {
  const track = videoTrack(moov);
  if (track === null) return [];
  return boxesIn(moov, track.entry.body + VISUAL_FIELDS, track.entry.end)
    .filter(({ type }) => PICTURE_BOXES.has(type))
    .map(({ start, end }) => moov.slice(start, end));
}

/**
 * The header with the boxes, at its old length: the track's name was made longer by the boxes' length. `filler` is the
 * byte that it was extended with. Null when it is not as expected.
 */
export function withMp4Boxes(moov: Uint8Array, boxes: readonly Uint8Array[], filler: number): Uint8Array | null {
  const track = videoTrack(moov);
  if (track === null) return null;
  const { handler, path, entry } = track;
  const added = joined(boxes);
  const isTerminated = moov[handler.end - 1] === 0;
  const cutEnd = handler.end - (isTerminated ? 1 : 0);
  const cutStart = cutEnd - added.length;
  const nameStart = handler.body + HANDLER_FIELDS;
  if (cutStart < nameStart || handler.end > entry.start) return null;
  if (!moov.subarray(cutStart, cutEnd).every((byte) => byte === filler)) return null;
  const result = joined([
    moov.subarray(0, cutStart),
    moov.subarray(cutEnd, entry.end),
    added,
    moov.subarray(entry.end),
  ]);
  const view = viewOf(result);
  view.setUint32(handler.start, handler.end - handler.start - added.length);
  for (const box of path) view.setUint32(box.start - added.length, box.end - box.start + added.length);
  // QuickTime's names begin with their length.
  if (!isTerminated) result[nameStart] = cutStart - nameStart - 1;
  return result;
}
