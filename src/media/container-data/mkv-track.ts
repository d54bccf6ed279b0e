// The video track of a Matroska header: copies data about the picture from one file into another whose header keeps its
// length, so that nothing after it moves. Pure. Numbers: Matroska's element list (RFC 9559).
import { crc32 } from "node:zlib";
import { element, elementsIn, joined } from "./ebml.ts";

const TRACK_ENTRY = 0xae;
const TRACK_TYPE = 0x83;
const NAME = 0x53_6e;
const VIDEO = 0xe0;
const COLOUR = 0x55_b0;
const PROJECTION = 0x76_70;
const CODEC_DELAY = 0x56_aa;
const CRC_32 = 0xbf;
const VOID = 0xec;
const VIDEO_TRACK = 1;

/** Elements to add to the video's master and to its colour master. */
export interface MkvAdditions {
  readonly video: readonly Uint8Array[];
  readonly colour: readonly Uint8Array[];
}

/** Bytes for element headers, a colour master and the rest, besides the additions. */
const HEADERS = 32;

export function mkvBytes({ video, colour }: MkvAdditions): number {
  return [...video, ...colour].reduce((sum, { length }) => sum + length, HEADERS);
}

function videoEntry(tracks: Uint8Array) {
  return elementsIn(tracks, 0, tracks.length).find(
    (entry) =>
      entry.id === TRACK_ENTRY &&
      elementsIn(tracks, entry.body, entry.end).some(
        (child) => child.id === TRACK_TYPE && tracks[child.end - 1] === VIDEO_TRACK,
      ),
  );
}

/** The 360° projection of the first video track, whole; empty: none. `tracks` is the content of the Tracks element. */
export function mkvProjection(tracks: Uint8Array): Uint8Array[] {
  const entry = videoEntry(tracks);
  if (entry === undefined) return [];
  return elementsIn(tracks, entry.body, entry.end)
    .filter(({ id }) => id === VIDEO)
    .flatMap((video) => elementsIn(tracks, video.body, video.end))
    .filter(({ id }) => id === PROJECTION)
    .map(({ start, end }) => tracks.slice(start, end));
}

/** How much of its beginning the first track skips, nanoseconds; 0: it states nothing. `tracks` as in `mkvProjection`. */
export function mkvCodecDelay(tracks: Uint8Array): number {
  const entry = elementsIn(tracks, 0, tracks.length).find(({ id }) => id === TRACK_ENTRY);
  if (entry === undefined) return 0;
  const stated = elementsIn(tracks, entry.body, entry.end).find(({ id }) => id === CODEC_DELAY);
  if (stated === undefined) return 0;
  return tracks.subarray(stated.body, stated.end).reduce((value, byte) => value * 256 + byte, 0);
}

function videoWith(tracks: Uint8Array, from: number, to: number, added: MkvAdditions, sizeLength: number): Uint8Array {
  const children = elementsIn(tracks, from, to);
  const colour = children.find(({ id }) => id === COLOUR);
  const own = colour === undefined ? [] : [tracks.slice(colour.body, colour.end)];
  const whole = added.colour.length === 0 ? own : [...own, ...added.colour];
  return element(
    VIDEO,
    joined([
      ...children.filter(({ id }) => id !== COLOUR).map(({ start, end }) => tracks.slice(start, end)),
      ...(whole.length === 0 ? [] : [element(COLOUR, joined(whole))]),
      ...added.video,
    ]),
    sizeLength,
  );
}

/**
 * The content of the Tracks element with the additions, at its old length: the track's name was made longer to provide
 * the space and keeps its first `nameBytes`. Null when it is not as expected.
 */
export function withMkvData(tracks: Uint8Array, nameBytes: number, added: MkvAdditions): Uint8Array | null {
  const entry = videoEntry(tracks);
  if (entry === undefined) return null;
  const children = elementsIn(tracks, entry.body, entry.end);
  // A single spare byte can't hold a Void element: a longer size field takes it.
  for (const sizeLength of [4, 5]) {
    const content = joined(
      children.map(({ id, start, body, end }) => {
        if (id === VIDEO) return videoWith(tracks, body, end, added, sizeLength);
        if (id !== NAME) return tracks.slice(start, end);
        return nameBytes === 0 ? new Uint8Array() : element(NAME, tracks.slice(body, body + nameBytes), 1);
      }),
    );
    const left = entry.end - entry.body - content.length;
    if (left < 0) return null;
    if (left === 1) continue;
    const sizeBytes = left < 0x80 ? 1 : 4;
    const filler = left === 0 ? [] : [element(VOID, new Uint8Array(left - 1 - sizeBytes), sizeBytes)];
    const result = Uint8Array.from(tracks);
    result.set(joined([content, ...filler]), entry.body);
    return withCrc(result);
  }
  return null;
}

/** The first element of a master may be a digest of the rest, least significant byte first (RFC 8794 section 11.3.1). */
function withCrc(content: Uint8Array): Uint8Array {
  const [first] = elementsIn(content, 0, content.length);
  if (first?.id === CRC_32)
    new DataView(content.buffer).setUint32(first.body, crc32(content.subarray(first.end)), true);
  return content;
}
