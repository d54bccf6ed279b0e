// Writes small Matroska files by hand, so that a test can say things in them that no muxer would. RFC 8794 (EBML) and
// RFC 9559 (Matroska) number the elements.

export type Element = Uint8Array;

function idBytes(id: number): number[] {
  const bytes: number[] = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes;
}

/** Eight bytes of length, so that any size can be stated. */
function lengthBytes(length: number): number[] {
  const bytes = [1];
  for (let shift = 6; shift >= 0; shift -= 1) bytes.push(Math.floor(length / 256 ** shift) % 256);
  return bytes;
}

export function element(id: number, ...content: readonly Uint8Array[]): Element {
  const body = Buffer.concat(content);
  return Buffer.concat([Uint8Array.from([...idBytes(id), ...lengthBytes(body.length)]), body]);
}

/** Up to 2^63: given as bigint where a number cannot hold it. */
function unsigned(id: number, value: number | bigint): Element {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return element(id, bytes);
}

export function string(id: number, value: string): Element {
  return element(id, new TextEncoder().encode(value));
}

export const ID = {
  ebml: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  codecId: 0x86,
  defaultDuration: 0x23e383,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  contentEncodings: 0x6d80,
  contentEncoding: 0x6240,
  contentEncodingType: 0x5033,
  contentCompression: 0x5034,
  contentCompAlgo: 0x4254,
  cluster: 0x1f43b675,
  clusterTimestamp: 0xe7,
  simpleBlock: 0xa3,
  attachments: 0x1941a469,
  attachedFile: 0x61a7,
  fileName: 0x466e,
  fileMimeType: 0x4660,
  fileUid: 0x46ae,
  fileData: 0x465c,
} as const;

const VIDEO = 1;
const SUBTITLE = 17;

export interface VideoTrack {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** Nanoseconds. */
  readonly defaultDuration?: number | bigint;
  readonly isZlib?: boolean;
}

export function videoTrack({ codec, width, height, defaultDuration, isZlib }: VideoTrack): Element {
  const zlib = element(
    ID.contentEncodings,
    element(
      ID.contentEncoding,
      unsigned(ID.contentEncodingType, 0),
      element(ID.contentCompression, unsigned(ID.contentCompAlgo, 0)),
    ),
  );
  return element(
    ID.trackEntry,
    ...[
      unsigned(ID.trackNumber, 1),
      unsigned(ID.trackUid, 1),
      unsigned(ID.trackType, VIDEO),
      string(ID.codecId, codec),
    ],
    ...(defaultDuration === undefined ? [] : [unsigned(ID.defaultDuration, defaultDuration)]),
    ...(isZlib === true ? [zlib] : []),
    element(ID.video, unsigned(ID.pixelWidth, width), unsigned(ID.pixelHeight, height)),
  );
}

export function subtitleTrack(number: number): Element {
  return element(
    ID.trackEntry,
    ...[unsigned(ID.trackNumber, number), unsigned(ID.trackUid, number), unsigned(ID.trackType, SUBTITLE)],
    string(ID.codecId, "S_TEXT/UTF8"),
  );
}

/** One key frame at `timestamp` of the timestamp scale. */
export function cluster(timestamp: number | bigint, frame: Uint8Array): Element {
  const head = Uint8Array.from([0x81, 0, 0, 0x80]);
  return element(ID.cluster, unsigned(ID.clusterTimestamp, timestamp), element(ID.simpleBlock, head, frame));
}

export function attachment(name: string, mime: string, data: Uint8Array): Element {
  return element(
    ID.attachedFile,
    ...[string(ID.fileName, name), string(ID.fileMimeType, mime), unsigned(ID.fileUid, 1), element(ID.fileData, data)],
  );
}

/** `parts`: tracks, clusters, attachments, already elements. */
export function matroska(parts: readonly Element[], timestampScale: number | bigint = 1_000_000): Uint8Array {
  const head = element(ID.ebml, string(ID.docType, "matroska"));
  const info = element(ID.info, unsigned(ID.timestampScale, timestampScale));
  return Buffer.concat([head, element(ID.segment, info, ...parts)]);
}
