// Which tracks of an MP4 or MOV are encrypted: by the types of their sample entries (ISO/IEC 14496-12, 8.12: "encv" and
// similar types replace the codec's; Apple's FairPlay uses "drmi" and "drms"). ffprobe shows the codec's own tag
// instead.
import { openRandomAccess, type RandomAccess } from "../../base/network/served-file.ts";

const ENCRYPTED = new Set(["encv", "enca", "enct", "encs", "encm", "encu", "drmi", "drms"]);
const HEADER_BYTES = 16;
/** The header of a ten-hour file has some megabytes; a larger one is damaged. */
const MOST_HEADER_BYTES = 256 * 1024 * 1024;

interface Box {
  readonly type: string;
  /** Of its content. */
  readonly start: number;
  readonly end: number;
}

/** Size, type and start of the content; null when no box fits there. `end`: of the parent. */
function boxAt(header: Buffer, at: number, end: number): Box | null {
  if (header.length < 8) return null;
  const short = header.readUInt32BE(0);
  const isLong = short === 1;
  if (isLong && header.length < HEADER_BYTES) return null;
  const size = isLong ? Number(header.readBigUInt64BE(8)) : short === 0 ? end - at : short;
  const start = at + (isLong ? HEADER_BYTES : 8);
  return at + size < start || at + size > end ? null : { type: header.toString("latin1", 4, 8), start, end: at + size };
}

function boxesIn(bytes: Buffer, from: number, end: number): Box[] {
  const boxes: Box[] = [];
  let at = from;
  while (at < end) {
    const box = boxAt(bytes.subarray(at, at + HEADER_BYTES), at, end);
    if (box === null) break;
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

async function movieHeader(file: RandomAccess, bytes: number): Promise<Buffer | null> {
  let at = 0;
  while (at + 8 <= bytes) {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, at);
    const box = boxAt(header.subarray(0, bytesRead), at, bytes);
    if (box === null) return null;
    if (box.type === "moov") {
      const length = box.end - box.start;
      if (length > MOST_HEADER_BYTES) return null;
      const content = Buffer.alloc(length);
      await file.read(content, 0, length, box.start);
      return content;
    }
    at = box.end;
  }
  return null;
}

/** The types of a track's sample entries. */
function sampleEntries(moov: Buffer, track: Box): string[] {
  let inside = [track];
  for (const type of ["mdia", "minf", "stbl", "stsd"]) {
    inside = inside.flatMap(({ start, end }) => boxesIn(moov, start, end).filter((box) => box.type === type));
  }
  // A version, flags and a count stand before the entries.
  return inside.flatMap(({ start, end }) => boxesIn(moov, start + 8, end).map(({ type }) => type));
}

/** For each track, in the order of the file, which is that of ffprobe's streams: whether it is encrypted. */
export function encryptedTracks(moov: Buffer): boolean[] {
  const tracks = boxesIn(moov, 0, moov.length).filter(({ type }) => type === "trak");
  return tracks.map((track) => sampleEntries(moov, track).some((type) => ENCRYPTED.has(type)));
}

/** Indexes of the streams that are encrypted. Errors: those of the file system. */
export async function encryptedInMp4(path: string, bytes: number): Promise<Set<number>> {
  const file = await openRandomAccess(path);
  try {
    const moov = await movieHeader(file, bytes);
    return new Set((moov === null ? [] : encryptedTracks(moov)).flatMap((is, index) => (is ? [index] : [])));
  } finally {
    await file.close();
  }
}
